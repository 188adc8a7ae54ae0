/** Targets of iptables that set a packet's mark or hand it to a transparent proxy. Pure. */
import type { Mark, ProxyRule } from './filter-rules.ts';

const ALL = 0xffffffff;

/** The mark that a rule sets; a mark that is kept with the connection (CONNMARK) is none of a new one. */
export function markOf(target: string, words: string): Mark | undefined {
  const text = target === 'MARK' ? /--set-x?mark (\S+)/.exec(words)?.[1] : undefined;
  return text === undefined ? undefined : parseMark(text);
}

/** The port of the proxy (empty: the packet's own) and the mark that is asked for. */
export function proxyPortOf(target: string, words: string): Pick<ProxyRule, 'port' | 'asks'> | undefined {
  if (target !== 'TPROXY') return undefined;
  const port = /--on-port (\d+)/.exec(words)?.[1] ?? '';
  const asked = /(! )?--mark (\S+)/.exec(words);
  const asks = asked?.[1] === undefined && asked?.[2] !== undefined ? parseMark(asked[2]) : undefined;
  return { port: port === '0' ? '' : port, asks };
}

/** `0x1`, `0x1/0xff` */
export function parseMark(text: string): Mark | undefined {
  const [value = Number.NaN, mask = ALL] = text.split('/').map(Number);
  return Number.isInteger(value) && Number.isInteger(mask) ? { value, mask } : undefined;
}
