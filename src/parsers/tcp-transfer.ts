/** Parses the output of src/probes/tcp-transfer.bash. Pure. */
import type { Reason } from '../model/reason.ts';

/** What became of the bytes that were sent over one TCP connection. Times in milliseconds, sizes in bytes. */
export interface TcpTransfer {
  readonly address: string;
  /** `done`: all was acknowledged, or the far side had enough and closed. `stalled`: see {@link TcpTransfer.socket}. */
  readonly outcome: 'done' | 'stalled';
  /** The kernel's last view of the socket; absent when the far side has closed it. */
  readonly socket?: {
    /** The largest payload of a segment. */
    readonly mss: number;
    /** What the kernel takes for the path's MTU: the interface's, until somebody tells less; 0 where ss does not say. */
    readonly pathMtu: number;
    readonly rtt: number;
    /** How many times in a row the retransmission timer has doubled. */
    readonly backoff: number;
    readonly acknowledged: number;
    /** Segments that wait for an acknowledgement. */
    readonly outstanding: number;
    /** Of those, how many the far side has got, out of order. */
    readonly selectivelyAcknowledged: number;
    readonly retransmits: number;
  };
}

/** A reason, or the system's own words: why nothing was sent. */
export function parseTcpTransfer(stdout: string): TcpTransfer | Reason | string {
  const lines = stdout.split('\n');
  if (lines[0] === 'unresolved') return 'the name does not resolve on the target';
  const address = /^address (\S+)$/m.exec(stdout)?.[1];
  if (address === undefined) return 'the transfer did not start';
  if (!lines.includes('connected')) {
    const said = lines.find((line) => line.includes(': ')) ?? '';
    return said.slice(said.lastIndexOf(': ') + 2).trim() || 'no connection within the time';
  }
  if (lines.includes('no-ss')) return { code: 'no-tool', text: 'ss' };
  if (!/^after /m.test(stdout)) return 'the transfer was cut off';
  const inode = /^inode (\d+)$/m.exec(stdout)?.[1];
  const last = stdout.slice(stdout.lastIndexOf('\nafter ')).split('\n');
  const at = last.findIndex((line) => line.includes(` ino:${inode} `));
  const info = at < 0 ? '' : (last[at + 1] ?? '');
  const number = (name: string): number => Number(new RegExp(`\\b${name}:([\\d.]+)`).exec(info)?.[1] ?? 0);
  if (info === '') return { address, outcome: 'done' };
  const socket = {
    mss: number('mss'),
    pathMtu: number('pmtu'),
    rtt: number('rtt'),
    backoff: number('backoff'),
    acknowledged: number('bytes_acked'),
    outstanding: number('unacked'),
    selectivelyAcknowledged: number('sacked'),
    retransmits: Number(/\bretrans:\d+\/(\d+)/.exec(info)?.[1] ?? 0),
  };
  const outcome = socket.outstanding > 0 && socket.backoff > 0 ? 'stalled' : 'done';
  return { address, outcome, socket };
}
