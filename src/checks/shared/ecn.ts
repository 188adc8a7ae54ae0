/** Whether the target asks for explicit congestion notification when it connects. Pure. */
import type { ProbeResult } from '../../model/evidence.ts';
import { read } from './measured.ts';

/** Values of net.ipv4.tcp_ecn that ask for it (Documentation/networking/ip-sysctl.rst); 2, the default, and 5 take it of others alone. */
const ASKING = new Set(['1', '3', '4']);

/** The value that asks for it; `undefined`: it is not asked for, or not known. */
export function askingEcn(result: ProbeResult | undefined): string | undefined {
  return read(result, 'cat', (text) => (ASKING.has(text.trim()) ? { asking: text.trim() } : undefined)).value
    ?.asking;
}
