/** Expectations of a network: the contract of `test -f FILE` (kind NetworkTest), and of what `test -o json` prints. */
import type { Finding } from './report.ts';

/** Where a test stands, for messages and reports. */
export interface TestPlace {
  /** As it was given; `-` for standard input. */
  readonly file: string;
  /** Of several documents in the file, counted from 1; absent: it is the only one. */
  readonly document?: number;
  /** Of the document, counted from 1. */
  readonly number: number;
  /** Counted from 1. */
  readonly line: number;
}

/** Pods or nodes, on either side of a test. */
export type Endpoints =
  /** One TARGET, or every pod of it. */
  | { readonly kind: 'target'; readonly target: string; readonly every: boolean; readonly namespace?: string }
  /** A ready pod that has the labels, or every pod that has them. */
  | {
      readonly kind: 'selector';
      readonly selector: string;
      readonly every: boolean;
      readonly namespace?: string;
    }
  /** Absent names: all of the cluster. */
  | { readonly kind: 'nodes'; readonly names?: readonly string[] };

/** Where a test goes to. */
export type Goal =
  /** A DEST as the other commands have it. */
  | { readonly kind: 'dest'; readonly dest: string }
  /** @see Endpoints; `port` is `8080` or `53/udp`; absent: the first that a pod declares, or none of a node. */
  | { readonly kind: 'places'; readonly places: Endpoints; readonly port?: string };

export type ConnectionExpectation = 'connected' | 'denied' | 'refused';

/** What is expected. At least one of them is there. */
export interface Expectation {
  readonly connection?: ConnectionExpectation;
  /** Of a connection the p95, of a URL the whole request, of a name the look-up; in milliseconds. */
  readonly withinMs?: number;
  /** At most this share of the echo requests is lost, from 0 to 1. */
  readonly loss?: number;
  /** At least so many bytes of an IP packet arrive in one piece. */
  readonly mtu?: number;
  /** At least so many addresses, none at all (0), or all of these. */
  readonly answers?: number | readonly string[];
  /** One of these. */
  readonly status?: readonly number[];
  /** The first certificate is valid for at least so many more days. */
  readonly certificateDays?: number;
  /** The first certificate is for all of these names. */
  readonly certificateNames?: readonly string[];
  /** At least so many bits per second. */
  readonly throughputBits?: number;
  /** No finding is graver. */
  readonly noFindingAbove?: 'info' | 'warning';
}

/** One of `tests`. */
export interface NetworkTest {
  readonly place: TestPlace;
  readonly name?: string;
  readonly from: Endpoints;
  /** Empty where a name is looked up, or the source alone is looked at. */
  readonly to: readonly Goal[];
  /** A name to look up. */
  readonly dns?: string;
  readonly expect: Expectation;
}

/** One document of the kind NetworkTest. */
export interface NetworkTestFile {
  readonly file: string;
  readonly name?: string;
  /** Where its pods are unless a test says otherwise; absent: in the namespace of the connection. */
  readonly namespace?: string;
  readonly tests: readonly NetworkTest[];
}

/**
 * `met`: it was measured and is so. `failed`: it was measured and is not so. `notProven`: what was seen does not prove it,
 * as silence where nobody may be listening. `unknown`: it could not be measured. Only the first is a pass.
 */
export type TestOutcome = 'met' | 'failed' | 'notProven' | 'unknown';

/** One key of `expect`. */
export interface TestAssertion {
  /** As it is written in the file. */
  readonly key: string;
  readonly expected: string;
  /** What was seen, in words that end a sentence. */
  readonly seen: string;
  readonly outcome: TestOutcome;
}

/** One test from one source to one destination. */
export interface TestResult {
  readonly file: string;
  readonly document?: number;
  /** The place of the test in its document, counted from 1. */
  readonly number: number;
  readonly line: number;
  /** That of the test, or what was measured: `pod/web-0 in shop → svc/db:5432`. */
  readonly name: string;
  /** What it is called where a pod with another name may do the same in the next run: as the file says it. */
  readonly written: string;
  /** `pod/web-0 in shop`. */
  readonly from: string;
  /** As it was resolved; absent: a name, or the source alone. */
  readonly to?: string;
  readonly dns?: string;
  readonly outcome: TestOutcome;
  /** One sentence. */
  readonly summary: string;
  readonly assertions: readonly TestAssertion[];
  /** Who reached the listener that a denial rests on. */
  readonly provenBy?: readonly string[];
  /** The diagnosis: causes first; empty where the expectation is met. */
  readonly findings: readonly Finding[];
}

export interface NetworkTestReport {
  readonly apiVersion: 'nettools/v1';
  readonly kind: 'NetworkTestReport';
  readonly tool: { readonly version: string };
  /** RFC 3339, UTC. */
  readonly startedAt: string;
  readonly durationMs: number;
  /** `fail` before `unknown` before `pass`, which is that of all expectations. */
  readonly verdict: 'pass' | 'fail' | 'unknown';
  readonly counts: { readonly [outcome in TestOutcome]: number };
  /** How often all of it was measured (--retry-for); the results are those of the last time. */
  readonly tries: number;
  /** In the order of the files and their tests, then by source and destination. */
  readonly results: readonly TestResult[];
}

/** What `test --plan` prints: what a run would add, and where. Nothing is added. */
export interface NetworkTestPlan {
  readonly apiVersion: 'nettools/v1';
  readonly kind: 'NetworkTestPlan';
  readonly sources: readonly PlannedSource[];
  /** Where a listener may have to be looked for, to prove that a port is denied. */
  readonly witnesses: readonly string[];
  readonly problems: readonly string[];
}

export interface PlannedSource {
  readonly from: string;
  /** What is added: an ephemeral container stays in the pod's spec, a pod of a node is removed. */
  readonly adds: 'ephemeral container' | 'pod on the node' | 'container' | 'nothing';
  readonly why: string;
  /** Expectations that are measured from it. */
  readonly expectations: number;
  readonly destinations: readonly string[];
  /** Commands that run there. */
  readonly probes: number;
}
