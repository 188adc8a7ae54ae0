import type { Occurrence } from '../../../model/finding.ts';
import { isLoopback, type Listener } from '../../../parsers/listeners.ts';
import { LOST_PACKETS } from '../../shared/effects.ts';
import { occurrence, type Rule } from '../../shared/rule.ts';
import type { PathFacts, PathsFacts, Refusal } from '../facts.ts';
import { endOf, outcomeOf } from '../story.ts';

const meta = {
  id: 'NT-PATH-007',
  title: 'The destination itself refuses',
  severities: ['critical'],
  meaning:
    'The probe arrives at the destination, and the refusal comes from there: nothing on the way is to blame. What listens there, and the counters of its rules, say why.',
  rule: "A reset leaves the destination's own network namespace, and there nothing listens on the port (ss), or on loopback alone, or a reject rule that fits has counted packets meanwhile.",
  source: 'RFC 9293, section 3.10.7.1: a segment to a port that is closed is answered by a reset',
  remedy:
    'Start the program on that port and on all addresses, or send clients (the targetPort of the Service) to the port on which it listens.',
  explains: {
    depth: 795,
    subject: [...LOST_PACKETS, 'NT-SOCK-001'],
  },
} as const;

/** Enough to find the right one. */
const MAX_SHOWN = 6;

function judge(path: PathFacts): Occurrence[] {
  const { refusal, port } = path;
  if (refusal === undefined) return [];
  return [
    occurrence(
      meta,
      'critical',
      `${endOf(path)} refuses the connection itself (${outcomeOf(path)}): ${reason(refusal, port)}.`,
      quote(path, refusal),
      {
        subject: path.destination.label,
        ...(refusal.kind === 'rule'
          ? {
              remediation: `Change the rule where it is made (${refusal.hit.rule.source}): ${refusal.hit.rule.text}`,
            }
          : {}),
      },
    ),
  ];
}

function reason(refusal: Refusal, port: number): string {
  switch (refusal.kind) {
    case 'closed':
      return refusal.open.length === 0
        ? 'nothing listens there, on any TCP port'
        : `nothing listens on port ${port} there, but on ${portsOf(refusal.open)}`;
    case 'loopback':
      return `what listens on port ${port} there does so on ${refusal.open.map(({ address }) => address).join(' and ')} alone, which only the destination itself can reach`;
    case 'rule':
      return `a rule there counted ${refusal.hit.packets} ${refusal.hit.packets === 1 ? 'packet' : 'packets'} meanwhile: ${refusal.hit.rule.text}`;
  }
}

/** `8080 and 9090 (loopback only)`. */
function portsOf(listeners: readonly Listener[]): string {
  const ports = [...new Set(listeners.map(({ port }) => port))].sort((a, b) => a - b);
  const words = ports.map((port) =>
    listeners.filter((l) => l.port === port).every(isLoopback) ? `${port} (loopback only)` : String(port),
  );
  const shown = words.slice(0, MAX_SHOWN);
  const more = words.length > MAX_SHOWN ? [`${words.length - MAX_SHOWN} more`] : [];
  return [...shown, ...more].join(', ').replace(/, ([^,]+)$/, ' and $1');
}

function quote({ points }: PathFacts, refusal: Refusal): Occurrence['evidence'] {
  const place = points.find(({ role }) => role === 'destination')?.place;
  if (refusal.kind === 'rule') {
    const command = refusal.hit.result?.command;
    const excerpt = `${refusal.hit.rule.text}\n${refusal.hit.packets} more packets than before`;
    return command === undefined ? [] : [{ command, excerpt }];
  }
  const command = place?.listenersResult?.command;
  if (command === undefined) return [];
  const lines = refusal.open.slice(0, MAX_SHOWN).map(({ line }) => line);
  return [
    {
      command: [`[${place?.place.label}]`, ...command],
      excerpt: lines.length === 0 ? '(no TCP listener)' : lines.join('\n'),
    },
  ];
}

export const refusedThere: Rule<PathsFacts> = { meta, judge: ({ paths }) => paths.flatMap(judge) };
