/**
 * What a report's checks have measured, by the labels of destinations. A measurement is plain JSON whose shape belongs to
 * its check; what is not there, or of another shape, was not measured. Pure.
 */
import type { CheckResult, Json, Report } from '../model/report.ts';

type Row = { readonly [key: string]: Json };

/** One connection of the firewall check. */
export interface Reached {
  readonly name: string;
  readonly protocol: 'tcp' | 'udp';
  readonly address: string;
  readonly port: number;
  /** As src/checks/firewall/cause.ts has it. */
  readonly cause: string;
  /** Words that end a sentence. */
  readonly seen: string;
  /** What the NetworkPolicies of both ends say. */
  readonly policy: string;
  /** An ICMP error about it was heard. */
  readonly isTold: boolean;
}

export function checkOf(report: Report, id: string): CheckResult | undefined {
  return report.checks.find((check) => check.id === id);
}

/** Rows of a list among a check's measurements. */
function rows(report: Report, id: string, list: string): readonly Row[] {
  const found = checkOf(report, id)?.measurements[list];
  return Array.isArray(found) ? (found as readonly Json[]).flatMap(asRow) : [];
}

function asRow(value: Json | undefined): Row[] {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? [value as Row] : [];
}

function rowsOf(report: Report, id: string, list: string, labels: readonly string[]): readonly Row[] {
  return rows(report, id, list).filter(({ name }) => typeof name === 'string' && labels.includes(name));
}

function number(value: Json | undefined): number | undefined {
  return typeof value === 'number' ? value : undefined;
}

function text(value: Json | undefined): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

/** All of the report where no labels are given. */
export function reached(report: Report, labels?: readonly string[]): Reached[] {
  const all =
    labels === undefined
      ? rows(report, 'firewall', 'destinations')
      : rowsOf(report, 'firewall', 'destinations', labels);
  return all.map((row) => ({
    name: text(row['name']) ?? '',
    protocol: row['protocol'] === 'udp' ? 'udp' : 'tcp',
    address: text(row['address']) ?? '',
    port: number(row['port']) ?? 0,
    cause: text(row['cause']) ?? 'unmeasured',
    seen: text(row['seen']) ?? '',
    policy: text(asRow(row['policies'])[0]?.['verdict']) ?? 'unknown',
    isTold: Array.isArray(row['icmpErrors']) && row['icmpErrors'].length > 0,
  }));
}

/** What latency has of one destination. Times in milliseconds. */
interface Timed {
  readonly name: string;
  /** That {@link SHARE_IN_TIME} of the connections took at most, those that were not answered among them. */
  readonly tookMs?: number;
  /** Connections that were answered, and how many were tried. */
  readonly answered: number;
  readonly tries: number;
  /** Of echo requests, from 0 to 1; absent: none was sent. */
  readonly loss?: number;
  readonly sent?: number;
  readonly status?: number;
  readonly requestMs?: number;
}

/** The share of connections that "within" speaks of. */
export const SHARE_IN_TIME = 0.95;

/** By the nearest rank among all tries: the p95 of those that were answered is less, of 48 of 50 what 92 % took. */
function shareMs(tcp: Row | undefined, tries: number): number | undefined {
  const all = tcp?.['timesMs'];
  const times = Array.isArray(all) ? (all as readonly Json[]).flatMap((one) => number(one) ?? []) : [];
  const rank = Math.min(times.length, Math.ceil(tries * SHARE_IN_TIME));
  return times.sort((a, b) => a - b)[rank - 1];
}

export function timed(report: Report, labels: readonly string[]): Timed[] {
  return rowsOf(report, 'latency', 'destinations', labels).map((row) => {
    const [icmp] = asRow(row['icmp']);
    const [tcp] = asRow(row['tcp']);
    const [http] = asRow(row['http']);
    const lossPercent = number(icmp?.['lossPercent']);
    const sent = number(icmp?.['sent']);
    const status = number(http?.['status']);
    const requestMs = number(http?.['totalMs']);
    const tries = number(tcp?.['tries']) ?? 0;
    const tookMs = shareMs(tcp, tries) ?? number(asRow(tcp?.['connectMs'])[0]?.['p95']);
    return {
      name: text(row['name']) ?? '',
      answered: (number(tcp?.['connected']) ?? 0) + (number(tcp?.['refused']) ?? 0),
      tries,
      ...(tookMs === undefined ? {} : { tookMs }),
      ...(lossPercent === undefined ? {} : { loss: lossPercent / 100 }),
      ...(sent === undefined ? {} : { sent }),
      ...(status === undefined ? {} : { status }),
      ...(requestMs === undefined ? {} : { requestMs }),
    };
  });
}

/** The size of a packet, in bytes, that is known to arrive in one piece at each of them that answers. */
export function pathMtus(report: Report, labels: readonly string[]): { name: string; bytes: number }[] {
  return rowsOf(report, 'mtu', 'destinations', labels).flatMap((row) => {
    const bytes = number(row['pathMtu']);
    return bytes === undefined ? [] : [{ name: text(row['name']) ?? '', bytes }];
  });
}

/** The first certificate of a server. */
interface Certificate {
  readonly name: string;
  readonly daysLeft?: number;
  readonly names: readonly string[];
}

export function certificates(report: Report, labels: readonly string[]): Certificate[] {
  return rowsOf(report, 'tls', 'servers', labels).map((row) => {
    const daysLeft = number(row['daysLeft']);
    const names = row['alternativeNames'];
    return {
      name: text(row['name']) ?? '',
      names: Array.isArray(names) ? (names as readonly Json[]).flatMap((one) => text(one) ?? []) : [],
      ...(daysLeft === undefined ? {} : { daysLeft }),
    };
  });
}

/** A name as the resolver of the target answers it. */
interface LookedUp {
  readonly addresses: readonly string[];
  /** As src/parsers/dns-probe.ts has it; absent: there is no getaddrinfo on the target. */
  readonly outcome?: string;
  readonly ms?: number;
  /** What each of the names that were tried came to: `NXDOMAIN`, addresses, `timeout`. */
  readonly answers: readonly string[];
}

export function lookedUp(report: Report, name: string): LookedUp | undefined {
  const row = rows(report, 'dns', 'names').find((one) => one['name'] === name);
  if (row === undefined) return undefined;
  const { addresses, candidates } = row;
  const [resolver] = asRow(row['getaddrinfo']);
  const outcome = text(resolver?.['outcome']);
  const ms = number(resolver?.['ms']);
  return {
    addresses: Array.isArray(addresses)
      ? (addresses as readonly Json[]).flatMap((one) => text(one) ?? [])
      : [],
    answers: Array.isArray(candidates)
      ? (candidates as readonly Json[])
          .flatMap(asRow)
          .flatMap(({ A, AAAA }) => [text(A), text(AAAA)].flatMap((one) => one ?? []))
      : [],
    ...(outcome === undefined ? {} : { outcome }),
    ...(ms === undefined ? {} : { ms }),
  };
}

/** What one TCP connection carried, in bits per second. */
export function rates(report: Report, labels: readonly string[]): { name: string; bits: number }[] {
  return rowsOf(report, 'throughput', 'destinations', labels).flatMap((row) => {
    const bits = number(row['bitsPerSecond']);
    return bits === undefined ? [] : [{ name: text(row['name']) ?? '', bits }];
  });
}
