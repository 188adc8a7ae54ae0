/** All pairs of many places, and the pattern of what fails between them: the contract of `matrix -o json`. */
import type { Finding, Verdict } from './report.ts';

/** A place as a source or a destination. */
export interface MatrixPlace {
  readonly kind: 'pod' | 'node' | 'service';
  /** As it is typed: `pod/web-0`, `node/n1`, `svc/cache`. */
  readonly target: string;
  readonly namespace?: string;
  /** The node that a pod runs on; of a node its own name; absent: unknown, or a Service. */
  readonly node?: string;
  /** The zone of that node. */
  readonly zone?: string;
  /** Why it could not be a destination to the end: it has no address, or it went away. */
  readonly gone?: string;
}

/**
 * `reached`: an answer came. `refused`: nothing listens, which somebody there said: the way works. `lossy`: some of the
 * echo requests were answered. `lost`: nothing came back, or an error did. `unmeasured`: it could not be measured, and is
 * no pass.
 */
export type MatrixOutcome = 'reached' | 'refused' | 'lossy' | 'lost' | 'unmeasured';

/** What became of one probe. */
export interface MatrixProbe {
  readonly outcome: MatrixOutcome;
  /** The fastest answer, in milliseconds. */
  readonly ms?: number;
  /** Echo requests, and answers to them. */
  readonly sent?: number;
  readonly received?: number;
  /** Of the full-size packet: its size, and the largest that was answered, in bytes of the whole IP packet. */
  readonly bytes?: number;
  readonly largest?: number;
  /** Of TCP and UDP. */
  readonly port?: string;
  /** Why it was lost, or not measured: words that end a sentence. */
  readonly reason?: string;
}

/** The probes of a cell. `full` is an echo request as large as the way out allows, with fragmentation forbidden. */
export type MatrixProbeName = 'icmp' | 'tcp' | 'udp' | 'full';

/** One pair in one family. A probe that does not apply (an echo request to a Service) is absent. */
export interface MatrixCell {
  /** Places in the lists of the report. */
  readonly source: number;
  readonly destination: number;
  readonly family: 4 | 6;
  /** Of the destination. */
  readonly address: string;
  readonly icmp?: MatrixProbe;
  readonly tcp?: MatrixProbe;
  readonly udp?: MatrixProbe;
  readonly full?: MatrixProbe;
}

/** A source, and what it has of the cluster's own Services. */
export interface MatrixSource extends MatrixPlace {
  /** A question to its name server; absent: it was not measured. */
  readonly dns?: MatrixProbe;
  /** A connection to the `kubernetes` Service; absent: it was not measured. */
  readonly service?: MatrixProbe;
  /** Why nothing was measured from it. */
  readonly failed?: string;
}

export interface MatrixReport {
  readonly apiVersion: 'nettools/v1';
  readonly kind: 'MatrixReport';
  readonly tool: { readonly version: string };
  /** RFC 3339, UTC. */
  readonly startedAt: string;
  readonly durationMs: number;
  readonly verdict: Verdict;
  /** The gravest and widest first. */
  readonly findings: readonly Finding[];
  /** Sorted by zone, node, namespace and name, as the destinations are. */
  readonly sources: readonly MatrixSource[];
  readonly destinations: readonly MatrixPlace[];
  readonly cells: readonly MatrixCell[];
  readonly pairs: {
    /** All that there are: a place is no pair with itself. */
    readonly possible: number;
    /** Fewer than possible: a fair sample (--max-pairs). */
    readonly asked: number;
  };
}

/** What a matrix is to look at, as it was resolved before the run: saved with the evidence. */
export interface MatrixFrame {
  readonly sources: readonly MatrixPlace[];
  readonly destinations: readonly MatrixPlace[];
  readonly pairs: MatrixReport['pairs'];
}

/** Discard: nobody listens there, and the refusal that comes back is as good as an answer. */
export const CLOSED_PORT = '9';

/** What a source is to probe; plain JSON. */
export interface MatrixGoal {
  /** Its place in the list of destinations. */
  readonly destination: number;
  /** One of each family. */
  readonly addresses: readonly { readonly family: 4 | 6; readonly host: string }[];
  /** Nobody has to listen there, but somebody has to refuse. */
  readonly tcpPort: string;
  /** Absent: UDP is not asked for. */
  readonly udpPort?: string;
  /** A Service's address, which answers no echo request. */
  readonly isVirtual: boolean;
}

/** What the engine is told for all sources, by {@link MatrixPlace} as JSON: `["pod","shop","pod/web-0"]`. */
export interface MatrixOptions {
  readonly goals: Readonly<Record<string, readonly MatrixGoal[]>>;
}

/** What tells places apart. */
export function placeKey({ kind, namespace, target }: MatrixPlace): string {
  return JSON.stringify([kind, namespace ?? null, target]);
}
