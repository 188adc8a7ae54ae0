import { interruptible } from '../console/interrupt.ts';
import { printDocument } from '../console/print-report.ts';
import { withProgress } from '../console/progress.ts';
import type { PreflightArgs } from '../model/args.ts';
import { withDeadline } from '../open/deadline.ts';
import { withUserErrors } from '../open/failures.ts';
import { preflightReport } from '../preflight/preflight.ts';
import type { PreflightReport } from '../preflight/report.ts';
import { mark, palette, visible } from '../report/text.ts';

/** Resolves to the exit code: 3 when no session could be opened. */
export async function run(args: PreflightArgs): Promise<number> {
  if ('many' in args) return (await import('./preflight-many.ts')).preflightMany(args);
  return interruptible((signal) =>
    withUserErrors(async () => {
      const report = await withProgress((progress) =>
        withDeadline(args.session, signal, progress, (deadline) => {
          deadline.progress.show('asking what is allowed');
          return preflightReport(args, deadline.signal);
        }),
      );
      if (args.output === 'table') process.stdout.write(text(report));
      else await printDocument({ apiVersion: 'nettools/v1', kind: 'Preflight', ...report }, args.output);
      return report.profile === undefined ? 3 : 0;
    }),
  );
}

function text(report: PreflightReport): string {
  const paint = palette(process.stdout.isTTY === true && !process.env['NO_COLOR']);
  const lines = report.items.map((item) => `${mark(item.ok, paint)} ${item.check}: ${visible(item.detail)}`);
  const end =
    report.profile === undefined
      ? 'no session is possible; nothing was changed'
      : `a session would use profile ${report.profile} and image ${report.image}`;
  return `${visible(placeOf(report))}\n\n${lines.join('\n')}\n\n${visible(end)}\n`;
}

function placeOf({ pod, node, docker, namespace = '' }: PreflightReport): string {
  if (docker !== undefined) return `docker://${docker}`;
  const target = pod === undefined ? node && `node/${node}` : `pod/${pod}`;
  return target ? `${target} in ${namespace}` : namespace;
}
