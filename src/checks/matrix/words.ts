/** The words of a story: what it is about, where, what, and the lines that decide. Pure. */
import type { MatrixCell, MatrixPlace, MatrixProbe } from '../../model/matrix.ts';
import type { Quote } from '../../model/report.ts';
import type { Group } from './explain.ts';
import { echoesOf } from './loss.ts';
import { isWide, type Measured, type Story } from './story.ts';
import type { Layer, Symptom } from './units.ts';

/** More say nothing new. */
export const MOST_QUOTES = 3;

/** What it is about, as it is typed. */
export function subjectOf({ kind, from, to }: Story, matrix: Measured): string | undefined {
  const source = typed(from, matrix.sources);
  const destination = typed(to, matrix.destinations);
  switch (kind) {
    case 'all':
    case 'nodes':
    case 'scattered':
      return undefined;
    case 'to':
      return destination;
    case 'from':
      return source;
    case 'cut':
      return source;
    case 'between':
    case 'way':
    case 'service':
      return `${source} → ${destination}`;
  }
}

/** A group as it is typed; `undefined` for a wide one. */
export function typed({ level, name }: Group, places: readonly MatrixPlace[]): string | undefined {
  switch (level) {
    case 'all':
      return undefined;
    case 'kind':
      return `${name}s`;
    case 'zone':
      return `zone ${name}`;
    case 'node':
      return `node/${name}`;
    case 'item':
      return places[Number(name)]?.target;
  }
}

/** A group in a sentence. */
export function words(group: Group, places: readonly MatrixPlace[]): string {
  const { level, name } = group;
  switch (level) {
    case 'all':
      return 'anything';
    case 'kind':
      return `any ${name}`;
    case 'zone':
      return `zone ${name}`;
    case 'node':
      return `the pods on ${name}`;
    case 'item': {
      const place = places[Number(name)];
      if (place === undefined) return 'nothing';
      const { target, kind, node } = place;
      return kind === 'pod' && node !== undefined ? `${target} on ${node}` : target;
    }
  }
}

/** Which pairs. */
export function whereText({ kind, from, to, isOneWay }: Story, matrix: Measured): string {
  const { sources, destinations } = matrix;
  const [source, destination] = [words(from, sources), words(to, destinations)];
  switch (kind) {
    case 'all':
      return 'Everywhere';
    case 'nodes':
      return from.level === 'kind'
        ? `From any ${from.name} to any ${to.name} of another node`
        : 'Between nodes';
    case 'scattered':
      return 'Without a pattern';
    case 'to':
      return `To ${destination}, ${isWide(from) && from.level === 'kind' ? `from any ${from.name}` : 'wherever it comes from'}`;
    case 'from':
      return `From ${source}, wherever it goes`;
    case 'cut':
      return `To ${source} and from it`;
    case 'between':
      return `Between ${source} and ${destination}, both ways`;
    case 'service':
      return `From ${source} to ${destination}`;
    case 'way':
      return `From ${source} to ${destination}${isOneWay === true ? ', and not the other way round' : ''}`;
  }
}

const WHAT: Readonly<Record<Symptom, string>> = {
  dead: 'nothing is answered',
  family: 'is not answered, and the other family is',
  full: 'full-size packets are not answered, and small ones are',
  icmp: 'echo requests are not answered, and other probes are',
  tcp: 'TCP connections fail, and other probes are answered',
  udp: 'UDP is not answered, and other probes are',
  lossy: 'echo requests are lost',
  slow: 'answers take far longer than between others',
  dns: 'the name server does not answer',
};

/** What is wrong with them. */
export function whatText({ bad, seen, kind }: Story, { symptom, family }: Layer, matrix: Measured): string {
  const of = Math.max(seen.length, bad.length);
  const count = `${bad.length} of ${of} pair${of === 1 ? '' : 's'}`;
  const isDual = new Set(matrix.cells.map((cell) => cell.family)).size > 1;
  const by = isDual && family !== undefined && symptom !== 'family' ? ` by IPv${family}` : '';
  switch (symptom) {
    case 'family':
      return `IPv${family} ${WHAT.family} (${count})`;
    case 'lossy': {
      const { sent, lost } = echoesOf(kind === 'scattered' ? bad : seen);
      return `${lost} of ${sent} echo requests are lost${by} (${count})`;
    }
    case 'slow': {
      const times = bad.flatMap(({ cell }) => cell.icmp?.ms ?? []).sort((a, b) => a - b);
      return `answers take ${msText(times[0])} to ${msText(times.at(-1))}${by}, far longer than between others of the same distance (${count})`;
    }
    case 'full': {
      const passed = bad.flatMap(({ cell }) => cell.full?.largest ?? []);
      const largest = passed.length === 0 ? '' : `, up to ${Math.max(...passed)} bytes`;
      return `packets of ${bad[0]?.cell.full?.bytes ?? 'full'} bytes are not answered, and small ones are${largest}${by} (${count})`;
    }
    default:
      return `${WHAT[symptom]}${by} (${count})`;
  }
}

function msText(ms: number | undefined): string {
  return ms === undefined ? '? ms' : `${ms < 10 ? ms.toFixed(1) : Math.round(ms)} ms`;
}

/** What decides, of one pair. */
export function quoteOf(cell: MatrixCell, symptom: Symptom, { sources, destinations }: Measured): Quote {
  const pair = `${sources[cell.source]?.target ?? '?'} → ${destinations[cell.destination]?.target ?? '?'}`;
  const { address } = cell;
  const told = { icmp: 'echo requests', tcp: 'TCP', udp: 'UDP', full: 'full-size packet' } as const;
  const said = (Object.keys(told) as (keyof typeof told)[]).flatMap((name) => {
    const probe = cell[name];
    return probe === undefined
      ? []
      : [`${told[name]}${probe.port === undefined ? '' : ` ${probe.port}`}: ${probeText(probe)}`];
  });
  return { command: commandOf(cell, symptom, address), excerpt: `${pair}: ${said.join('; ')}` };
}

function commandOf({ tcp, udp }: MatrixCell, symptom: Symptom, address: string): string[] {
  if (symptom === 'tcp') return ['tcp-connect', address, tcp?.port ?? ''];
  if (symptom === 'udp') return ['reach', 'udp', address, udp?.port ?? ''];
  return symptom === 'full' ? ['path-mtu', address] : ['ping', '-n', address];
}

/** One probe in a few words. */
export function probeText({ outcome, sent, received, ms, largest, reason }: MatrixProbe): string {
  const why = reason === undefined ? '' : ` (${reason})`;
  switch (outcome) {
    case 'reached':
      return ms === undefined ? 'reached' : `reached in ${msText(ms)}`;
    case 'refused':
      return 'refused';
    case 'lossy':
      return `${received} of ${sent} answered`;
    case 'lost':
      if (largest !== undefined) return `lost, ${largest} bytes pass`;
      return sent === undefined ? `lost${why}` : `${received ?? 0} of ${sent} answered${why}`;
    case 'unmeasured':
      return `not measured${why}`;
  }
}
