/** What may be done to many targets, each answer once. */
import { interruptible } from '../console/interrupt.ts';
import { printDocument } from '../console/print-report.ts';
import { type ProgressLine, withProgress } from '../console/progress.ts';
import type { ManyTargets, PreflightOptions } from '../model/args.ts';
import type { FailedTarget } from '../model/report-list.ts';
import { withoutFullStop } from '../model/sentence.ts';
import { connectionIn } from '../open/connect.ts';
import { withDeadline } from '../open/deadline.ts';
import { withUserErrors } from '../open/failures.ts';
import { groupItems, profilesText, type TargetPreflight, whereText } from '../preflight/many.ts';
import { preflightReport } from '../preflight/preflight.ts';
import { rightsOnce } from '../preflight/rights.ts';
import { mark, palette, visible } from '../report/text.ts';
import { inTurn } from '../run/scheduler.ts';
import { chosenTargets, targetLabel } from './chosen-targets.ts';
import { reasonOf } from './failure-reason.ts';

type ManyArgs = PreflightOptions & { readonly many: ManyTargets };

interface Answers {
  readonly all: readonly TargetPreflight[];
  readonly failed: readonly FailedTarget[];
}

/** Resolves to the exit code: 3 when no session could be opened at one of them. */
export function preflightMany(args: ManyArgs): Promise<number> {
  return interruptible((signal) =>
    withUserErrors(async () => {
      const answers = await withProgress((progress) => ask(args, signal, progress));
      const { all, failed } = answers;
      if (!signal.aborted || all.length > 0) {
        if (args.output === 'table') process.stdout.write(text(answers));
        else {
          const items = all.map(({ target, report }) => ({ target, ...report }));
          const list = { apiVersion: 'nettools/v1', kind: 'PreflightList', items, failed };
          await printDocument(list, args.output);
        }
      }
      signal.throwIfAborted();
      return failed.length > 0 || all.some(({ report }) => report.profile === undefined) ? 3 : 0;
    }),
  );
}

async function ask(args: ManyArgs, signal: AbortSignal, progress: ProgressLine): Promise<Answers> {
  const { connection, session, many } = args;
  const { targets, shared } = await chosenTargets(many, args, signal, progress);
  const rights = rightsOnce();
  const answers: (TargetPreflight | undefined)[] = [];
  const failures: (FailedTarget | undefined)[] = [];
  let count = 0;
  await inTurn(targets, many.atOnce, async (target, i) => {
    const name = targetLabel(target, targets);
    const { spec, namespace } = target;
    progress.show(`${count} of ${targets.length}; asking what is allowed at ${name}`);
    try {
      signal.throwIfAborted();
      const report = await withDeadline(session, signal, progress, (deadline) =>
        preflightReport(
          { connection: connectionIn(connection, namespace), session, target: spec },
          deadline.signal,
          { shared, rights },
        ),
      );
      answers[i] = { target: name, report };
    } catch (error) {
      const reason = reasonOf(error, 'it was asked');
      failures[i] = { target: name, ...(namespace === undefined ? {} : { namespace }), reason };
    }
    count++;
  });
  return {
    all: answers.flatMap((one) => one ?? []),
    failed: failures.flatMap((one) => one ?? []),
  };
}

function text({ all, failed }: Answers): string {
  const paint = palette(process.stdout.isTTY === true && !process.env['NO_COLOR']);
  const lines = groupItems(all).map((group) => {
    const where = whereText(group, all.length);
    const more = group.differs ? 'others have other words, which -o json has' : '';
    const rest = [where, more].filter((part) => part !== '').join('; ');
    return `${mark(group.ok, paint)} ${group.check}: ${visible(`${withoutFullStop(group.detail)}${rest === '' ? '' : ` (${rest})`}`)}`;
  });
  const reasons = failed.map(
    ({ target, reason }) => `${paint.yellow('?')} ${visible(`${target}: ${reason}`)}`,
  );
  const possible = all.filter(({ report }) => report.profile !== undefined);
  const [first] = possible;
  const count = all.length + failed.length;
  const end =
    first === undefined
      ? 'no session is possible at any of them; nothing was changed'
      : `a session would be possible at ${possible.length} of ${count}: ${profilesText(all)}, image ${first.report.image}; nothing was changed`;
  return [
    `${count} target${count === 1 ? '' : 's'}`,
    [...lines, ...reasons].join('\n'),
    `${visible(end)}\n`,
  ].join('\n\n');
}
