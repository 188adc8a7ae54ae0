/** What a socket heard that takes answers from anybody, of a destination over UDP; plain data. */
import type { ProbeResult } from '../../model/evidence.ts';
import type { UnboundAsked } from '../../parsers/unbound.ts';

/** What was asked. */
export type Question = 'tftp' | 'dns' | 'ntp' | 'text';

/** What came of asking one place. */
export interface Unbound {
  readonly question: Question;
  /** Absent: it could not be asked. */
  readonly asked?: UnboundAsked;
  readonly result: ProbeResult;
}

/** A server behind a way into a Service. */
export interface Behind {
  readonly host: string;
  readonly port: string;
  readonly pod?: string;
}

/** What was asked of a destination, and of one behind it. */
export interface UnboundPair {
  readonly own?: Unbound;
  readonly behind?: Unbound & Pick<Behind, 'pod'>;
}
