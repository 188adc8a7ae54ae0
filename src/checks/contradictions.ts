/**
 * Statements of one report that cannot both be true. Each check judges its own evidence; here they are held against each
 * other, so that a mistake in one rule does not become a pass. Pure.
 */
import type { CheckResult, Json } from '../model/report.ts';

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
      const concerns = unreached.filter(({ by }) => by === check.id || check.id === 'firewall');
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
}

function sentence({ by, says }: Unreached): string {
  return `${by}: ${says}`;
}

function unreachedIn({ id, status, measurements }: CheckResult): Unreached[] {
  // What it could not measure it has said.
  if (status === 'error' || status === 'skip') return [];
  const rows = rowsOf(measurements['destinations']);
  if (id === 'firewall')
    return rows
      .filter((row) => isUnreached(row))
      .map((row) => ({ by: id, says: `${row['name']} was ${row['seen']}` }));
  if (id === 'latency')
    return rows
      .filter(({ role }) => role === 'asked')
      .flatMap(({ name, tcp }): Unreached[] => {
        const { tries, connected, refused } = fieldsOf(tcp);
        return Number(tries) > 0 && connected === 0 && refused === 0
          ? [{ by: id, says: `0 of ${tries} connections to ${name} were answered` }]
          : [];
      });
  return [];
}

/** A DEST without a port is asked on any, where a refusal is an answer too. */
function isUnreached({ name, cause }: Fields): boolean {
  if (cause === 'open' || cause === 'no-datagram' || cause === 'unmeasured' || cause === undefined)
    return false;
  return cause !== 'refused' || /:\w+(\/udp)?$|:\/\//.test(String(name));
}

/** What the check's own measurements say against its pass. */
function denialsWithin({ id, measurements }: CheckResult): string[] {
  switch (id) {
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
      return rowsOf(measurements['services']).flatMap(({ name, endpoints }) =>
        rowsOf(endpoints)
          .filter(({ state }) => state === 'refused' || state === 'silent' || state === 'fails')
          .slice(0, 1)
          .map(({ address, port, seen }) => `service: ${address}:${port} of ${name} was ${seen}`),
      );
    default:
      return [];
  }
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
