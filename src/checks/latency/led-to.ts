/** Where an answer leads a client to: another port of the host that gave it. Pure. */
import type { ProbeScripts } from '../../model/check.ts';
import type { Evidence, ProbeCommand } from '../../model/evidence.ts';
import { connectsOf } from '../shared/measured.ts';
import type { LedTo, PathFacts } from './facts.ts';

/** Of so many answers it is asked: each waits for as long as a silent port. */
const MOST = 2;
/** One connection, which waits for 3.5 s (tcp-connect.bash). */
const LIMIT_SECONDS = 6;
const BUDGET_MS = 5000;
/** In less time a SYN that was lost has been sent again once at the most: the run was ended meanwhile. */
const LEAST_SILENCE_MS = 3000;

const DEFAULT_PORTS: Readonly<Record<string, string>> = { 'http:': '80', 'https:': '443' };

/** `undefined`: the answer leads nowhere, back to the same port, or to another host. */
function otherPort({
  destination: { url },
  http,
}: Pick<PathFacts, 'destination' | 'http'>): Pick<LedTo, 'url' | 'address' | 'port'> | undefined {
  const { status = 0, redirect, remote } = http?.value ?? {};
  if (url === undefined || redirect === undefined || remote === undefined || status < 300 || status >= 400)
    return undefined;
  if (!URL.canParse(url) || !URL.canParse(redirect)) return undefined;
  const [asked, led] = [new URL(url), new URL(redirect)];
  const usual = DEFAULT_PORTS[led.protocol];
  if (usual === undefined || led.hostname !== asked.hostname) return undefined;
  const port = led.port || usual;
  const own = asked.port || DEFAULT_PORTS[asked.protocol];
  return port === own ? undefined : { url: redirect, address: remote, port };
}

/** Connections to the ports that answers lead to, at the addresses that gave them. */
export function ledToProbes(paths: readonly PathFacts[], scripts: ProbeScripts): ProbeCommand[] {
  const led = paths.flatMap((path) => {
    const to = otherPort(path);
    return to === undefined ? [] : [{ id: path.destination.id, ...to }];
  });
  return led.slice(0, MOST).map(({ id, address, port }) => ({
    id: `${id}-led-to`,
    argv: ['bash', '-c', scripts.tcpConnect, 'tcp-connect', address, port, '1', '0', String(BUDGET_MS)],
    timeoutSeconds: LIMIT_SECONDS,
    display: ['tcp-connect', address, port, '1'],
  }));
}

/** `undefined`: there was no reason to ask, or nothing came of it. */
export function ledToOf(
  evidence: Evidence,
  path: Pick<PathFacts, 'destination' | 'http'>,
): LedTo | undefined {
  const result = evidence[`${path.destination.id}-led-to`];
  const tried = result && connectsOf(result).value?.tries[0];
  const to = otherPort(path);
  if (to === undefined || tried === undefined) return undefined;
  if (tried.outcome === 'unanswered' && tried.ms < LEAST_SILENCE_MS) return undefined;
  return { ...to, outcome: tried.outcome, result };
}
