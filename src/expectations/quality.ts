/** Everything that is expected of what can be reached: times, loss, sizes, answers, certificates, rates. Pure. */
import type { TestAssertion } from '../model/network-test.ts';
import {
  certificates,
  checkOf,
  lookedUp,
  pathMtus,
  rates,
  reached,
  SHARE_IN_TIME,
  timed,
} from './measured.ts';
import { assertion, msText, type Question, type Seen } from './question.ts';

/** One for each key that is expected, but `connection` and `noFindingAbove`. */
export function qualityAnswers(question: Question, seen: Seen): TestAssertion[] {
  const { expect } = question;
  const { withinMs, loss, mtu, answers, status, certificateDays, certificateNames, throughputBits } = expect;
  return [
    ...(withinMs === undefined ? [] : [within(withinMs, question, seen)]),
    ...(loss === undefined ? [] : [lossOf(loss, question, seen)]),
    ...(mtu === undefined ? [] : [mtuOf(mtu, question, seen)]),
    ...(answers === undefined ? [] : [answersOf(answers, question, seen)]),
    ...(status === undefined ? [] : [statusOf(status, question, seen)]),
    ...(certificateDays === undefined ? [] : [daysOf(certificateDays, question, seen)]),
    ...(certificateNames === undefined ? [] : [namesOf(certificateNames, question, seen)]),
    ...(throughputBits === undefined ? [] : [rateOf(throughputBits, question, seen)]),
  ];
}

/** Causes of the firewall check with a connection, or without a word on it. */
const TIMED: readonly string[] = ['open', 'stalled', 'unmeasured', 'error', 'no-datagram'];
/** An answer, where one is expected that is none. */
const REFUSALS: readonly string[] = ['refused', 'rejected'];
/** Of fewer echo requests "none was lost" says little: NT-LAT-002 needs as many (MIN_PROBES in src/checks/latency). */
const LEAST_SENT = 50;

function within(ms: number, question: Question, seen: Seen): TestAssertion {
  const expected = `within ${msText(ms)}`;
  const answer = (took: number, what: string): TestAssertion =>
    assertion('within', expected, took <= ms ? 'met' : 'failed', `${what} ${msText(took)}`);
  const unknown = (why: string): TestAssertion => assertion('within', expected, 'unknown', why);
  if (question.dns !== undefined) {
    const found = look(question.dns, seen);
    return found?.ms === undefined
      ? unknown('the look-up was not timed')
      : answer(found.ms, 'the look-up took');
  }
  const all = timed(seen.report, question.labels);
  if (question.isUrl) {
    const request = all.find(({ requestMs, status = 0 }) => requestMs !== undefined && status > 0);
    return request?.requestMs === undefined
      ? unknown('no answer came that could be timed')
      : answer(request.requestMs, 'the request took');
  }
  const times = all.flatMap(({ name, tookMs }) => (tookMs === undefined ? [] : [{ name, tookMs }]));
  if (times.length === 0) return datagram(expected, ms, question, seen);
  // Those that are timed may have been answered before it failed, and a refusal has a time too.
  const isTime = question.expect.connection === 'refused' ? [...TIMED, ...REFUSALS] : TIMED;
  const lost = reached(seen.report, question.labels).find(({ cause }) => !isTime.includes(cause));
  if (lost !== undefined)
    return assertion('within', expected, 'failed', `${lost.name} was not connected to (${lost.seen})`);
  const silent = all.find(({ tookMs }) => tookMs === undefined);
  // A connection that never came about took longer than any limit.
  const cut = all.find(
    ({ tookMs, answered, tries }) => tookMs !== undefined && answered < tries * SHARE_IN_TIME,
  );
  if (cut !== undefined) {
    const { name, answered, tries } = cut;
    const text = `${name}: ${tries - answered} of ${tries} connections were not answered`;
    return assertion('within', expected, 'failed', text);
  }
  const slowest = times.reduce((a, b) => (b.tookMs > a.tookMs ? b : a));
  if (silent !== undefined && slowest.tookMs <= ms) return unknown(`${silent.name} could not be timed`);
  const of = all.length === 1 ? '' : `${slowest.name}: `;
  return answer(slowest.tookMs, `${of}95 % of the connections took at most`);
}

/** Of UDP there is the time of the probe alone, which is not measured often enough to be compared. */
function datagram(expected: string, _ms: number, { labels }: Question, { report }: Seen): TestAssertion {
  const [udp] = reached(report, labels).filter(({ protocol }) => protocol === 'udp');
  const why = udp === undefined ? 'no connection could be timed' : 'datagrams are not timed';
  return assertion('within', expected, 'unknown', why);
}

function percent(share: number): string {
  return `${Number((share * 100).toFixed(2))}%`;
}

function lossOf(most: number, { labels }: Question, { report }: Seen): TestAssertion {
  const expected = `loss at most ${percent(most)}`;
  const unknown = (why: string): TestAssertion => assertion('loss', expected, 'unknown', why);
  const all = timed(report, labels);
  // A Service's own address answers no echo request: its endpoints do.
  const hasEndpoints = all.some(({ name }) => name.includes(' → '));
  const echoed = all.flatMap(({ loss, ...rest }) =>
    loss === undefined || (hasEndpoints && !rest.name.includes(' → ')) ? [] : [{ ...rest, loss }],
  );
  if (echoed.length === 0) return unknown('no echo request was sent');
  const filtered = echoed.find(({ loss, answered }) => loss === 1 && answered > 0);
  if (filtered !== undefined && most < 1)
    return unknown(`${filtered.name} answers TCP and no echo request, so its loss is not known`);
  const worst = echoed.reduce((a, b) => (b.loss > a.loss ? b : a));
  const of = echoed.length === 1 ? '' : ` to ${worst.name}`;
  const text = `${percent(worst.loss)} of ${worst.sent ?? 0} echo requests${of} were lost`;
  if (worst.loss > most) return assertion('loss', expected, 'failed', text);
  const few = echoed.find(({ sent = 0 }) => sent < LEAST_SENT);
  if (few !== undefined) return unknown(`${text}, and ${LEAST_SENT} are needed`);
  return assertion('loss', expected, 'met', text);
}

function mtuOf(bytes: number, { labels }: Question, { report }: Seen): TestAssertion {
  const expected = `packets of ${bytes} bytes`;
  const sizes = pathMtus(report, labels);
  const [first] = sizes;
  if (first === undefined) {
    const said = checkOf(report, 'mtu')?.summary.replace(/\.$/, '') ?? 'no size was measured';
    return assertion('mtu', expected, 'unknown', said);
  }
  const smallest = sizes.reduce((a, b) => (b.bytes < a.bytes ? b : a), first);
  const of = sizes.length === 1 ? '' : ` to ${smallest.name}`;
  const outcome = smallest.bytes >= bytes ? 'met' : 'failed';
  return assertion('mtu', expected, outcome, `packets of ${smallest.bytes} bytes get through${of}`);
}

function look(name: string, { report, names = [] }: Seen): ReturnType<typeof lookedUp> {
  return [report, ...names].map((one) => lookedUp(one, name)).find((found) => found !== undefined);
}

/** What a server says of a name that it does not have. */
const NO_SUCH = /^(?:NXDOMAIN|no record)(?: \/ (?:NXDOMAIN|no record))*$/;

function answersOf(wanted: number | readonly string[], question: Question, seen: Seen): TestAssertion {
  const expected =
    typeof wanted === 'number'
      ? wanted === 0
        ? 'no address'
        : `at least ${wanted} ${wanted === 1 ? 'address' : 'addresses'}`
      : `the addresses ${wanted.join(', ')}`;
  const found = look(question.dns ?? '', seen);
  if (found === undefined) {
    const said = checkOf(seen.report, 'dns')?.summary.replace(/\.$/, '') ?? 'it was not looked up';
    return assertion('answers', expected, 'unknown', said);
  }
  const { addresses, outcome, answers } = found;
  const told = addresses.length === 0 ? [...new Set(answers)].join(', ') || 'nothing' : addresses.join(', ');
  const text = outcome === undefined ? told : `${told} (getaddrinfo: ${outcome})`;
  if (wanted === 0) {
    // Silence is no proof that a name does not exist.
    const isProven = answers.length > 0 && answers.every((one) => NO_SUCH.test(one));
    const isAbsent = addresses.length === 0 && outcome !== 'resolved';
    return assertion('answers', expected, isAbsent ? (isProven ? 'met' : 'unknown') : 'failed', text);
  }
  const has =
    typeof wanted === 'number'
      ? addresses.length >= wanted
      : wanted.every((one) => addresses.includes(one.toLowerCase()));
  if (has && (outcome === undefined || outcome === 'resolved'))
    return assertion('answers', expected, 'met', text);
  // Servers that were asked and did not answer are a failure too: who looks the name up gets nothing.
  return assertion('answers', expected, 'failed', text);
}

function statusOf(wanted: readonly number[], { labels }: Question, { report }: Seen): TestAssertion {
  const expected = `status ${wanted.join(' or ')}`;
  const [found] = timed(report, labels).flatMap(({ status }) => status ?? []);
  if (found === undefined || found === 0) return assertion('status', expected, 'unknown', 'no answer came');
  return assertion('status', expected, wanted.includes(found) ? 'met' : 'failed', `the status is ${found}`);
}

function daysOf(days: number, { labels }: Question, { report }: Seen): TestAssertion {
  const expected = `a certificate for ${days} more ${days === 1 ? 'day' : 'days'}`;
  const all = certificates(report, labels);
  const dated = all.flatMap(({ name, daysLeft }) => (daysLeft === undefined ? [] : [{ name, daysLeft }]));
  const first = dated.reduce(
    (a, b) => (b.daysLeft < (a?.daysLeft ?? Number.POSITIVE_INFINITY) ? b : a),
    dated[0],
  );
  if (first !== undefined && first.daysLeft < days) {
    const text =
      first.daysLeft < 0
        ? 'it has expired'
        : `it expires in ${first.daysLeft} ${first.daysLeft === 1 ? 'day' : 'days'}`;
    return assertion('certificateDays', expected, 'failed', `${first.name}: ${text}`);
  }
  if (first === undefined || dated.length < all.length)
    return assertion('certificateDays', expected, 'unknown', noCertificate(report));
  return assertion('certificateDays', expected, 'met', `it expires in ${first.daysLeft} days`);
}

function noCertificate(report: Seen['report']): string {
  return checkOf(report, 'tls')?.summary.replace(/\.$/, '') ?? 'no certificate was presented';
}

function namesOf(wanted: readonly string[], { labels }: Question, { report }: Seen): TestAssertion {
  const expected = `a certificate for ${wanted.join(', ')}`;
  const all = certificates(report, labels);
  const presented = all.filter(({ daysLeft }) => daysLeft !== undefined);
  for (const { name, names } of presented) {
    const missing = wanted.filter((one) => !names.some((own) => covers(own, one)));
    if (missing.length === 0) continue;
    const text = `${name}: it is for ${names.join(', ') || 'no name'}, not for ${missing.join(', ')}`;
    return assertion('certificateNames', expected, 'failed', text);
  }
  if (presented.length === 0 || presented.length < all.length)
    return assertion('certificateNames', expected, 'unknown', noCertificate(report));
  return assertion('certificateNames', expected, 'met', `it is for ${presented[0]?.names.join(', ')}`);
}

/** RFC 6125, 6.4.3: a wildcard is the whole first label, and stands for one. */
function covers(own: string, wanted: string): boolean {
  const [a, b] = [own.toLowerCase(), wanted.toLowerCase()];
  if (a === b) return true;
  return a.startsWith('*.') && b.includes('.') && b.slice(b.indexOf('.')) === a.slice(1);
}

const RATES = ['bit/s', 'kbit/s', 'Mbit/s', 'Gbit/s', 'Tbit/s'];

function rateText(bits: number): string {
  const power = Math.min(RATES.length - 1, Math.floor(Math.log10(Math.max(1, bits)) / 3));
  return `${Number((bits / 1000 ** power).toPrecision(3))} ${RATES[power]}`;
}

function rateOf(bits: number, { labels }: Question, { throughput }: Seen): TestAssertion {
  const expected = `at least ${rateText(bits)}`;
  const all = throughput === undefined ? [] : rates(throughput, labels);
  const [first] = all;
  if (first === undefined) {
    const said = throughput && checkOf(throughput, 'throughput')?.summary.replace(/\.$/, '');
    return assertion('throughput', expected, 'unknown', said ?? 'it was not measured');
  }
  const least = all.reduce((a, b) => (b.bits < a.bits ? b : a), first);
  const outcome = least.bits >= bits ? 'met' : 'failed';
  return assertion('throughput', expected, outcome, `one connection carries ${rateText(least.bits)}`);
}
