/**
 * Statements of one report that cannot both be true. Each check judges its own evidence; here they are held against each
 * other, so that a mistake in one rule does not become a pass. Pure.
 */

import type { CheckResult, Json } from '../model/report.ts';
import { socketAddress } from '../model/socket-address.ts';

/** A check that passed, and what another line of the report says against that. */
export interface Contradiction {
  /** The id of the check that passed. */
  readonly check: string;
  /** What denies it, as a sentence without its dot: `latency: 0 of 50 connections to db:80 were answered`. */
  readonly denial: string;
}

type Fields = Readonly<Record<string, Json>>;

/**
 * All of them. Where something is found above an info the report does not acquit, and what one check explains is no
 * contradiction in the others.
 */
export function contradictions(checks: readonly CheckResult[]): Contradiction[] {
  if (checks.some(({ findings }) => findings.some(({ severity }) => severity !== 'info'))) return [];
  const unreached = checks.flatMap(unreachedIn);
  return checks
    .filter(({ status }) => status === 'pass')
    .flatMap((check): Contradiction[] => {
      // That a connection comes about is the firewall check's to say.
      const concerns = unreached.filter(
        ({ by, isOthers }) => check.id === 'firewall' || (by === check.id && isOthers !== true),
      );
      const denials = [...denialsWithin(check), ...concerns.map(sentence)];
      return denials.map((denial) => ({ check: check.id, denial }));
    });
}

/** The checks, with each pass that something denies turned into "not known", and both lines shown. */
export function withoutContradictions(checks: readonly CheckResult[]): CheckResult[] {
  const found = contradictions(checks);
  return checks.map((check) => {
    const denials = found.filter((one) => one.check === check.id).map(({ denial }) => denial);
    return denials.length === 0
      ? check
      : {
          ...check,
          status: 'error',
          summary: `${check.summary} That is denied: ${denials.slice(0, 2).join('; ')}.`,
        };
  });
}

/** An asked destination that was not reached, and the check that measured that. */
interface Unreached {
  readonly by: string;
  readonly says: string;
  /** The check itself asks for something else: round trips of a refusal, a route to who stays silent. */
  readonly isOthers?: boolean;
}

function sentence({ by, says }: Unreached): string {
  return `${by}: ${says}`;
}

function unreachedIn({ id, status, measurements }: CheckResult): Unreached[] {
  // What it could not measure it has said.
  if (status === 'error' || status === 'skip') return [];
  const rows = rowsOf(measurements['destinations']);
  const asked = rows.filter(({ role }) => role === 'asked');
  switch (id) {
    case 'firewall':
      return rows
        .filter((row) => isUnreached(row))
        .map((row) => ({ by: id, says: `${row['name']} was ${row['seen']}` }));
    case 'latency':
      return asked.flatMap(({ name, tcp }) =>
        refusalsIn(String(name), fieldsOf(tcp)).map((one) => ({ by: id, ...one })),
      );
    case 'routing':
      return asked
        .filter(({ answered }) => answered === false)
        .map(({ name }) => ({ by: id, says: `nothing came back from ${name}`, isOthers: true }));
    default:
      return [];
  }
}

/** So many of the connections that fail are no chance, whatever the limits of the check are (ours). */
const TOO_MANY = 0.2;
/** Of fewer, one would be too many. */
const LEAST_TRIES = 10;

/** What connections to a destination say against a way that is open. */
function refusalsIn(
  name: string,
  { tries, connected, refused, unanswered, failed }: Fields,
): Omit<Unreached, 'by'>[] {
  const all = Number(tries ?? 0);
  if (all === 0) return [];
  if (connected === 0 && refused === 0) return [{ says: `0 of ${all} connections to ${name} were answered` }];
  if (connected === 0 && refused === all && isPortAsked(name))
    return [{ says: `${all} of ${all} connections to ${name} were refused`, isOthers: true }];
  const lost = Number(unanswered ?? 0) + Number(failed ?? 0);
  return all >= LEAST_TRIES && lost >= all * TOO_MANY
    ? [{ says: `${lost} of ${all} connections to ${name} failed` }]
    : [];
}

/** A DEST without a port is asked on any, where a refusal is an answer too. */
function isPortAsked(name: string): boolean {
  return /:\w+(\/udp)?$|:\/\//.test(name);
}

function isUnreached({ name, cause }: Fields): boolean {
  if (cause === 'open' || cause === 'no-datagram' || cause === 'unmeasured' || cause === undefined)
    return false;
  return cause !== 'refused' || isPortAsked(String(name));
}

/** What the check's own measurements say against its pass. */
function denialsWithin({ id, measurements, findings }: CheckResult): string[] {
  switch (id) {
    case 'firewall': {
      // An acquittal needs proof: what was not measured, or answered by a proxy of the target alone, has none.
      const unmeasured = rowsOf(measurements['destinations']).filter(
        ({ cause }) => cause === 'unmeasured' || cause === 'error',
      );
      const proxied = findings.filter(({ id: own }) => own === 'NT-PROXY-001');
      return [
        ...unmeasured.map(({ name, seen }) => `firewall: ${name} was not measured (${seen})`),
        ...proxied.map(({ summary }) => `firewall: ${summary.replace(/\.$/, '')}`),
      ];
    }
    case 'latency':
      return rowsOf(measurements['destinations']).flatMap(({ name, http }) => {
        const { status, ended } = fieldsOf(http);
        return [
          ...(Number(status ?? 0) >= 500 ? [`latency: ${name} is answered with HTTP ${status}`] : []),
          ...(ended === undefined ? [] : [`latency: the answer of ${name} was not whole (${ended})`]),
        ];
      });
    case 'interfaces':
      return rowsOf(measurements['interfaces'])
        .filter(({ needed, carrier }) => needed === true && carrier === false)
        .map(({ name }) => `interfaces: ${name} is needed and has no carrier`);
    case 'arp':
      return rowsOf(measurements['neighbours'])
        .filter(({ state, neededBy }) => state === 'FAILED' && Array.isArray(neededBy) && neededBy.length > 0)
        .filter(({ answers }) => Array.isArray(answers) && answers.length === 0)
        .map(({ address, device }) => `arp: ${address} on ${device} does not answer`);
    case 'throughput':
      return rowsOf(measurements['destinations'])
        .filter(({ bitsPerSecond }) => bitsPerSecond === 0)
        .map(({ name }) => `throughput: nothing got to ${name}`);
    case 'dns': {
      const servers = rowsOf(measurements['servers']);
      const answers = servers.some(({ udp }) => fieldsOf(udp)['reach'] === 'answers');
      const names = rowsOf(measurements['names']).filter(
        ({ origin, getaddrinfo }) => origin !== 'default' && isUnresolved(fieldsOf(getaddrinfo)),
      );
      return [
        ...(servers.length > 0 && !answers ? ['dns: no name server answered over UDP'] : []),
        ...names.map(
          ({ name, getaddrinfo }) => `dns: ${name} was ${fieldsOf(getaddrinfo)['outcome']} on the target`,
        ),
      ];
    }
    case 'mtu':
      return rowsOf(measurements['destinations']).flatMap(({ name, transfer }) => {
        const { outcome } = fieldsOf(transfer);
        return outcome === undefined || outcome === 'done'
          ? []
          : [`mtu: the transfer to ${name} was ${outcome}`];
      });
    case 'path':
      return rowsOf(measurements['paths']).flatMap(({ name, points }) =>
        rowsOf(points)
          .filter(({ packets }) => packets === 0)
          .slice(0, 1)
          .map(({ place, packet }) => `path: no ${packet} of ${name} was seen at ${place}`),
      );
    case 'service':
      return rowsOf(measurements['services']).flatMap(({ name, clusterIp, endpoints, virtual }) => [
        ...rowsOf(virtual)
          .filter(isFailed)
          .slice(0, 1)
          .map(({ seen }) => `service: the cluster IP ${clusterIp} of ${name} was ${seen}`),
        ...rowsOf(endpoints)
          .filter(isFailed)
          .slice(0, 1)
          .map(
            ({ address, port, seen }) =>
              `service: ${socketAddress(String(address), String(port))} of ${name} was ${seen}`,
          ),
      ]);
    default:
      return [];
  }
}

function isFailed({ state }: Fields): boolean {
  return state === 'refused' || state === 'silent' || state === 'fails';
}

/** Without an outcome it was not looked up. */
function isUnresolved({ outcome }: Fields): boolean {
  return outcome !== undefined && outcome !== 'resolved';
}

function rowsOf(value: Json | undefined): Fields[] {
  return Array.isArray(value) ? value.map(fieldsOf) : [];
}

function fieldsOf(value: Json | undefined): Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Fields) : {};
}
