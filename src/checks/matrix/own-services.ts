/** What each source has of the cluster's own Services: its name server, and the Service `kubernetes`. Pure. */
import { advice, nettools } from '../../model/advice.ts';
import type { MatrixCell, MatrixPlace } from '../../model/matrix.ts';
import { occurrence } from '../shared/rule.ts';
import { explain } from './explain.ts';
import { dnsDiffers } from './rules/dns-differs.ts';
import { serviceDiffers } from './rules/service-differs.ts';
import type { Measured } from './story.ts';
import type { Told } from './told.ts';
import { layersOf, type Unit } from './units.ts';
import { MOST_QUOTES, probeText, typed, words } from './words.ts';

/** Sources of which nearly nothing gets out: that their name server does not answer either is no news. */
export function stuckSources(matrix: Measured): ReadonlySet<number> {
  const counts = new Map<number, { bad: number; all: number }>();
  for (const { source, bad } of layersOf(matrix, matrix.cells)[0]?.units ?? []) {
    const count = counts.get(source) ?? { bad: 0, all: 0 };
    counts.set(source, { bad: count.bad + (bad ? 1 : 0), all: count.all + 1 });
  }
  return new Set([...counts].flatMap(([source, { bad, all }]) => (bad >= 0.9 * all ? [source] : [])));
}

/** What each source has of the cluster's own Services. */
export function ownServices(matrix: Measured, name: 'dns' | 'service', stuck: ReadonlySet<number>): Told[] {
  const { sources } = matrix;
  const label = name === 'dns' ? 'its name server' : 'svc/kubernetes';
  const destinations: MatrixPlace[] = [{ kind: 'service', target: label }];
  const works = sources.some((one) => one[name]?.outcome === 'reached');
  const units = sources.flatMap((one, source): Unit[] => {
    const probe = one[name];
    if (probe === undefined || probe.outcome === 'unmeasured' || stuck.has(source)) return [];
    const bad = probe.outcome === 'lost' || probe.outcome === 'refused';
    const cell: MatrixCell = {
      source,
      destination: 0,
      family: 4,
      address: label,
      [name === 'dns' ? 'udp' : 'tcp']: probe,
    };
    return [{ source, destination: 0, bad, cell }];
  });
  // A policy may keep all pods from the API server on purpose; no pod does without names.
  if (name === 'service' && !works) return [];
  const meta = (name === 'dns' ? dnsDiffers : serviceDiffers).meta;
  const own = { sources, destinations };
  return explain(own, units).map(({ from, bad, seen }) => {
    const [first] = bad;
    const source = first === undefined ? undefined : sources[first.source];
    const place =
      source === undefined
        ? []
        : source.namespace === undefined
          ? [source.target]
          : [source.target, '-n', source.namespace];
    const subject = `${typed(from, sources) ?? 'all'} → ${label}`;
    const what = name === 'dns' ? 'no answer of the name server' : 'no connection to the Service kubernetes';
    const others = units.filter((unit) => !unit.bad).length;
    const text = `From ${words(from, sources)}: ${what} (${bad.length} of ${seen.length} source${seen.length === 1 ? '' : 's'}; ${others} other${others === 1 ? '' : 's'} of the matrix ${others === 1 ? 'has' : 'have'} one).`;
    const evidence = bad.slice(0, MOST_QUOTES).map(({ cell }) => ({
      command: name === 'dns' ? ['reach', 'udp', 'dns', '53'] : ['tcp-connect', 'apiserver'],
      excerpt: `${sources[cell.source]?.target ?? '?'} → ${label}: ${probeText(cell.udp ?? cell.tcp ?? { outcome: 'unmeasured' })}`,
    }));
    const remediation =
      name === 'dns'
        ? advice`Look at it from one of the sources:
${nettools`dns ${place}`}`
        : advice`Look at it from one of the sources, and see whether kube-proxy on its node runs:
${nettools`diagnose ${place}`}`;
    return {
      key: JSON.stringify([meta.id, subject]),
      finding: occurrence(meta, 'critical', text, evidence, { subject, remediation }),
    };
  });
}
