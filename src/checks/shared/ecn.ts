/** Whether the target asks for explicit congestion notification when it connects. Pure. */
import type { ProbeResult } from '../../model/evidence.ts';
import { read } from './measured.ts';

/** Values of net.ipv4.tcp_ecn that ask for it (Documentation/networking/ip-sysctl.rst); 2, the default, and 5 take it of others alone. */
const ASKING = new Set(['1', '3', '4']);

export function asksForEcn(result: ProbeResult | undefined): boolean {
  return read(result, 'cat', (text) => ({ asks: ASKING.has(text.trim()) })).value?.asks === true;
}
