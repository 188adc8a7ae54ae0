/** `--push`: the metrics of a result, to a Pushgateway. */
import { measuresOf, waysOf } from '../checks/measures.ts';
import { tablesOf } from '../checks/tables.ts';
import type { AnyReport } from '../console/print-report.ts';
import { push } from '../exposition/push.ts';
import type { ReportFlags } from '../model/args.ts';
import type { PushTarget } from '../model/exposition.ts';
import { visible } from '../report/text.ts';

/**
 * Pushes what there is to push. A report that was printed stands whatever comes of it; that it did not arrive is told on stderr.
 * @param code of the report
 * @returns the command's exit code: 3 where the report would be well and could not be pushed
 */
export async function afterPush(
  report: AnyReport,
  { push: target }: Pick<ReportFlags, 'push'>,
  code: number,
): Promise<number> {
  if (target === undefined) return code;
  const { pushedText } = await import('../console/late-formats.ts');
  return pushText(
    ofNamespace(target, namespacesOf(report)),
    pushedText(report, { tablesOf, measuresOf, waysOf }),
    code,
  );
}

/** The same of any metrics in Prometheus' text format. */
export async function pushText(target: PushTarget, text: string, code: number): Promise<number> {
  const reason = await push(target, text);
  if (reason === undefined) return code;
  process.stderr.write(`note: the metrics were not pushed: ${visible(reason)}.\n`);
  return code === 0 ? 3 : code;
}

/** `deploy/web` of two namespaces are two. */
export function ofNamespace(target: PushTarget, namespaces: readonly (string | undefined)[]): PushTarget {
  const [namespace, ...others] = new Set(namespaces);
  if (namespace === undefined || others.length > 0) return target;
  const grouping = target.grouping.map(([label, value]): PushTarget['grouping'][number] =>
    label === 'instance' ? [label, value === '' ? namespace : `${namespace}/${value}`] : [label, value],
  );
  return { ...target, grouping };
}

function namespacesOf(report: AnyReport): readonly (string | undefined)[] {
  switch (report.kind) {
    case 'Report':
      return [report.target.namespace];
    case 'ReportList':
      return [
        ...report.items.map(({ target }) => target.namespace),
        ...report.failed.map(({ namespace }) => namespace),
      ];
    case 'MatrixReport':
      return report.sources.map(({ namespace }) => namespace);
  }
}
