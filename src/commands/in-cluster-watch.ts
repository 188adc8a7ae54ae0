/** `in-cluster watch`: a watch as objects that go on with it in the cluster. */
import { interruptible } from '../console/interrupt.ts';
import { print } from '../console/print-report.ts';
import { testRights } from '../jobs/test-rights.ts';
import { watchObjects } from '../jobs/watch-manifest.ts';
import type { TargetSpec } from '../model/args.ts';
import type { InClusterWatchArgs } from '../model/job-args.ts';
import type { Endpoints } from '../model/network-test.ts';
import { ALONE } from '../open/connect.ts';
import { withUserErrors } from '../open/failures.ts';
import { renderDocument } from '../report/render.ts';

/** Resolves to the exit code. */
export function printWatchManifest({ watch, port, job, line }: InClusterWatchArgs): Promise<number> {
  return interruptible((signal) =>
    withUserErrors(async () => {
      const { target, session, to } = watch;
      const { namespace } = await ALONE.connect(watch.connection, signal);
      const from = endpointsOf(target);
      const place = { file: '', number: 1, line: 1 };
      const goals = to.map((dest) => ({ kind: 'dest', dest }) as const);
      const objects = watchObjects({
        name: `nettools-watch-${slugOf(target)}`,
        namespace,
        line: [...line, `--namespace=${namespace}`],
        port,
        // It looks at its target and its destinations as one expectation does.
        rights: testRights([{ file: '', tests: [{ place, from, to: goals, expect: {} }] }], {
          namespace,
          debugNamespace: session.debugNamespace ?? namespace,
          asksNodes: false,
          usesNodes: session.via === 'node',
          targetOf: () => target,
        }),
        job,
        session,
      });
      await print(objects.map((object) => renderDocument(object, 'yaml')).join('---\n'));
      return 0;
    }),
  );
}

function endpointsOf(target: TargetSpec): Endpoints {
  return target.kind === 'selector'
    ? { kind: 'selector', selector: target.selector, every: false }
    : { kind: 'target', target: '', every: false };
}

/** A manifest is applied again and again: its name says what it watches. */
function slugOf(target: TargetSpec): string {
  const word =
    target.kind === 'selector'
      ? target.selector
      : target.kind === 'node' || target.kind === 'name'
        ? target.name
        : '';
  const plain = word
    .toLowerCase()
    .replace(/^.*\//, '')
    .replace(/[^a-z0-9-]+/g, '-')
    .replace(/^-+/, '')
    .slice(0, 30)
    .replace(/-+$/, '');
  return plain === '' ? 'target' : plain;
}
