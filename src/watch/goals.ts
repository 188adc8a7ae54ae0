/** From DESTs to what is asked again and again. */
import type { Destination } from '../model/destination.ts';
import { UserError } from '../model/errors.ts';
import type { WatchGoal } from '../model/watch.ts';

/** Of a Service, beside its virtual address: all would be a load that nobody asked for. */
const MOST_ENDPOINTS = 8;
/** The far side has room for no more. */
const MOST_GOALS = 64;

export interface Goals {
  /** One for each destination, in the order of {@link destinations}. */
  readonly goals: readonly WatchGoal[];
  readonly destinations: readonly Destination[];
  /** What is left out; sentences without their ends. */
  readonly notes: readonly string[];
}

/** @throws {UserError} exit 2: one that cannot be watched, or too many */
export function goalsOf(asked: readonly Destination[]): Goals {
  const notes: string[] = [];
  const counts = new Map<string, number>();
  const kept = asked.filter(({ service }) => {
    if (service?.part !== 'endpoint') return true;
    const count = (counts.get(service.label) ?? 0) + 1;
    counts.set(service.label, count);
    return count <= MOST_ENDPOINTS;
  });
  for (const [label, count] of counts)
    if (count > MOST_ENDPOINTS)
      notes.push(
        `of the ${count} endpoints of ${label} ${MOST_ENDPOINTS} are watched, beside its cluster IP`,
      );
  if (kept.length > MOST_GOALS)
    throw new UserError(`${kept.length} destinations are too many for one watch: ${MOST_GOALS} at most.`, 2);
  return { goals: kept.map(goalOf), destinations: kept, notes };
}

function goalOf(destination: Destination): WatchGoal {
  const { label, host, service } = destination;
  const { probe, port } = probeOf(destination);
  return {
    destination: label,
    host,
    ...(port === undefined ? {} : { port }),
    probe,
    ...(service === undefined ? {} : { service: service.label }),
  };
}

function probeOf({
  label,
  port,
  anyPort,
  protocol,
  service,
}: Destination): Pick<WatchGoal, 'probe' | 'port'> {
  const number = Number(port);
  if (protocol === 'udp') {
    if (number === 53) return { probe: 'dns', port: number };
    if (number === 123) return { probe: 'ntp', port: number };
    throw new UserError(
      `--to ${label} cannot be watched: silence of UDP port ${port} says nothing, as its protocol is not known; DNS (53) and NTP (123) can.`,
      2,
    );
  }
  // A Service's address answers no echo request.
  if (anyPort && service === undefined) return { probe: 'icmp' };
  return { probe: 'tcp', port: number };
}
