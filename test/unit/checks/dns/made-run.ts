/** Runs of the dns check made by hand, with the lines that dig prints: for what is not worth a recording. */
import type { DnsInput } from '../../../../src/checks/dns/facts.ts';
import { judgeDns } from '../../../../src/checks/dns/judge.ts';
import { VARIANTS } from '../../../../src/checks/dns/plan.ts';
import type { Judgement } from '../../../../src/model/check.ts';
import type { Evidence } from '../../../../src/model/evidence.ts';
import { evidence, result } from '../results.ts';
import { inputOf } from './facts.ts';

export const CONTROL = 'kubernetes.default.svc.cluster.local.';

/**
 * What became of one query: an address, a status, or dig's words for an error. `cut ADDRESS`: with the flag TC;
 * `from SOURCE`: an answer from elsewhere alone, `ADDRESS#PORT`.
 */
export type Said = string;

/** A server, and how it answers. */
export interface MadeServer {
  readonly role?: 'server' | 'endpoint';
  readonly address: string;
  readonly udp: (name: string, type: string) => Said;
  readonly tcp?: (name: string, type: string) => Said;
}

const ERRORS = /timed out|refused|unreachable/;

function digText(server: string, name: string, type: string, said: Said): string {
  if (said.startsWith('from '))
    return `;; reply from unexpected source: ${said.slice(5)}, expected ${server}#53\n${digText(server, name, type, 'timed out')}`;
  if (ERRORS.test(said))
    return `;; communications error to ${server}#53: ${said}\n;; no servers could be reached\n`;
  const isAddress = /^[0-9a-f]*[.:]|^cut /i.test(said);
  const address = said.replace('cut ', '');
  const family = address.includes(':') ? 'AAAA' : 'A';
  const record =
    isAddress && family === type ? `\n;; ANSWER SECTION:\n${name} 5\tIN ${type} ${address}\n` : '';
  return `;; Got answer:
;; ->>HEADER<<- opcode: QUERY, status: ${isAddress ? 'NOERROR' : said}, id: 19552
;; flags: qr aa${said.startsWith('cut ') ? ' tc' : ''} rd; QUERY: 1, ANSWER: ${record === '' ? 0 : 1}, AUTHORITY: 0, ADDITIONAL: 0
${record}
;; Query time: 274 usec
;; MSG SIZE  rcvd: 54
`;
}

const barred = (text: string): string => text.trimEnd().replace(/^/gm, '|');

/** What the probe would print of these servers, asked for the control and for `names`. */
export function probeText(servers: readonly MadeServer[], names: readonly string[] = []): string {
  const lines = [`control ${CONTROL}`, ...names.map((name) => `name ${name} ${name.replace(/\.?$/, '.')}`)];
  for (const { role = 'server', address, udp, tcp } of servers) {
    for (const question of [CONTROL, CONTROL, ...names]) {
      const name = question.replace(/\.?$/, '.');
      for (const type of ['A', 'AAAA']) {
        lines.push(`query ${role} ${address} 53 udp 6 1 ${name} ${type}`);
        lines.push(barred(digText(address, name, type, udp(name, type))));
        if (!tcp) continue;
        lines.push(`query ${role} ${address} 53 tcp 3 1 ${name} ${type}`);
        lines.push(barred(digText(address, name, type, tcp(name, type))));
      }
    }
  }
  return `${lines.join('\n')}\n`;
}

/** The same names asked for with other flags, as the check does it beside the probe: what the first server says each time. */
export function againText(names: readonly string[], says: (type: string, nth: number) => Said): string {
  return names
    .flatMap((name) => VARIANTS.map(({ type }, nth) => digText('', name, type, says(type, nth))))
    .join('');
}

/** The check's judgement of such a run. */
export function judgedRun(
  servers: readonly MadeServer[],
  {
    names = [],
    more = '',
    again,
    control = CONTROL,
    conf = `nameserver ${servers[0]?.address}\nsearch default.svc.cluster.local svc.cluster.local cluster.local\noptions ndots:5\n`,
    input = {},
    evidence: others = {},
  }: {
    readonly names?: readonly string[];
    /** Further frames of the probe. */
    readonly more?: string;
    /** Of {@link againText}. */
    readonly again?: string;
    /** What stands for {@link CONTROL} in what the probe prints. */
    readonly control?: string;
    readonly conf?: string;
    readonly input?: Partial<DnsInput>;
    /** Results of other commands. */
    readonly evidence?: Evidence;
  } = {},
): Judgement {
  return judgeDns(
    evidence({
      'resolv-conf': result(conf),
      dns: result(probeText(servers, names).replaceAll(CONTROL, control) + more),
      ...(again === undefined ? {} : { 'dns-again': result(again) }),
      ...others,
    }),
    inputOf('healthy', { names: [...names], ...input }),
  );
}
