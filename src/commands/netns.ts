import { interruptible } from '../console/interrupt.ts';
import { printDocument } from '../console/print-report.ts';
import { withProgress } from '../console/progress.ts';
import type { NetnsListArgs } from '../model/args.ts';
import { withDeadline } from '../open/deadline.ts';
import { withUserErrors } from '../open/failures.ts';
import { listNamespaces } from '../open/list-namespaces.ts';
import { namespaceTable } from '../report/namespace-table.ts';

/** Resolves to the exit code. */
export function list(args: NetnsListArgs): Promise<number> {
  return interruptible((signal) =>
    withUserErrors(async () => {
      const items = await withProgress((progress) =>
        withDeadline(args.session, signal, progress, (deadline) => listNamespaces(args, deadline)),
      );
      if (args.output === 'table') process.stdout.write(`${namespaceTable(items)}\n`);
      else await printDocument({ apiVersion: 'nettools/v1', kind: 'NamespaceList', items }, args.output);
      const unread = items.filter((one) => one.unread !== undefined).length;
      if (unread > 0) process.stderr.write(`note: ${unreadText(args, unread, items.length)}\n`);
      return 0;
    }),
  );
}

function unreadText({ machine }: NetnsListArgs, unread: number, all: number): string {
  const what = `${unread} of ${all} namespaces could not be entered, so their interfaces are not known`;
  const needsRoot = machine.kind === 'local' && process.getuid?.() !== 0;
  return needsRoot
    ? `${what}, and others may be hidden: seeing them all takes root (sudo).`
    : `${what}; -o json says why.`;
}
