/** Parses src/probes/service-rules.sh: what kube-proxy has written for one Service. Pure. */
import { socketAddress } from '../model/socket-address.ts';

/** kube-proxy's rules for one port of a Service. */
export interface ServiceRules {
  readonly mode: 'nftables' | 'iptables';
  /** Whether the cluster IP and port lead to endpoints. */
  readonly isKnown: boolean;
  /** Whether they lead to a rule that says that there are none. */
  readonly saysNone: boolean;
  /** `198.18.1.5:8080`, `[2001:db8::5]:8080`, each once; `undefined`: they lead somewhere in a way that is not known. */
  readonly endpoints: readonly string[] | undefined;
  /** The lines that say so. */
  readonly lines: readonly string[];
}

/** Which port of which Service. */
export interface ServiceKey {
  readonly namespace: string;
  readonly name: string;
  readonly clusterIp: string;
  readonly protocol: 'tcp' | 'udp';
  readonly port: number;
}

/** Whether nobody turns cluster IPs into addresses there: neither mode's rules, nor a device of what else could. */
export function hasNoServiceRules(stdout: string): boolean {
  return /^mode none$/m.test(stdout);
}

/** `undefined`: kube-proxy has written nothing in either mode there. */
export function parseServiceRules(stdout: string, key: ServiceKey): ServiceRules | undefined {
  const [, first = ''] = stdout.split(/^mode /m);
  const [mode = '', ...lines] = first.split('\n');
  const text = lines.join('\n');
  if (mode === 'nftables') return nftables(text, key);
  return mode === 'iptables' ? iptables(text, key) : undefined;
}

/** Maps lead to a chain of the Service's port, and that to one chain for each endpoint (KEP-3866). */
function nftables(text: string, { clusterIp, protocol, port }: ServiceKey): ServiceRules {
  const elements = text
    .split('\n')
    .filter((line) => line.includes(`${clusterIp} . ${protocol} . ${port} `))
    .map((line) => line.replace(/^\s*(elements = \{)?\s*/, '').replace(/[\s,}]*$/, ''));
  const chain = elements.flatMap((line) => /: goto ((?:service|local|cluster)-\S+)/.exec(line)?.[1] ?? [])[0];
  const chains = new Map(
    Array.from(text.matchAll(/^\s*chain (\S+) \{\n((?:(?!\s*\}$).*\n)*)/gm), ([, name = '', body = '']) => [
      name,
      body,
    ]),
  );
  const body = chain === undefined ? '' : (chains.get(chain) ?? '');
  const picks = body.split('\n').filter((line) => / dnat |goto endpoint-/.test(line));
  const endpoints = picks.flatMap(nftEndpoints);
  return {
    mode: 'nftables',
    isKnown: chain !== undefined,
    saysNone: elements.some((line) => /: (drop|goto reject-chain)/.test(line)),
    endpoints: chain !== undefined && endpoints.length === 0 ? undefined : [...new Set(endpoints)],
    lines: [...elements, ...picks.map((line) => line.trim())],
  };
}

/** Kubernetes 1.37 translates in the Service's own chain; before it, and with session affinity, in one per endpoint. */
function nftEndpoints(line: string): string[] {
  const places = [
    ...line.matchAll(/goto endpoint-[^\s,]*__([0-9a-f.:]+)\/(\d+)/gi),
    ...line.matchAll(/\d+ : ([0-9a-f.:]+) \. (\d+)/gi),
    ...line.matchAll(/ dnat (?:ip6? )?to \[?([0-9a-f.:]+?)\]?:(\d+)$/gi),
  ];
  return places.map(([, address = '', port = '']) => socketAddress(address, port));
}

/** KUBE-SERVICES leads to a KUBE-SVC chain (KUBE-SVL: local endpoints), and that to a KUBE-SEP chain for each endpoint. */
function iptables(text: string, { namespace, name, clusterIp, protocol, port }: ServiceKey): ServiceRules {
  const rules = text.split('\n').filter((line) => {
    const comment = /--comment "([^"]*)"/.exec(line)?.[1] ?? '';
    const [own = ''] = comment.split(' ');
    return own === `${namespace}/${name}` || own.startsWith(`${namespace}/${name}:`);
  });
  const from = (chain: string): string[] => rules.filter((line) => line.startsWith(`-A ${chain} `));
  const targetOf = (line: string): string => / -j (\S+)/.exec(line)?.[1] ?? '';
  const entry = from('KUBE-SERVICES').filter(
    (line) =>
      new RegExp(` -d ${clusterIp.replaceAll('.', '\\.')}/(32|128) `).test(line) &&
      line.includes(` -p ${protocol} `) &&
      new RegExp(` --dport ${port}( |$)`).test(line),
  );
  const services = entry.filter((line) => /^KUBE-SV[CL]-/.test(targetOf(line)));
  const picks = services
    .flatMap((line) => from(targetOf(line)))
    .filter((line) => targetOf(line).startsWith('KUBE-SEP-'));
  const translations = picks
    .flatMap((line) => from(targetOf(line)))
    .filter((line) => targetOf(line) === 'DNAT');
  const endpoints = translations.flatMap((line) => / --to-destination (\S+)/.exec(line)?.[1] ?? []);
  return {
    mode: 'iptables',
    isKnown: services.length > 0,
    saysNone: entry.some((line) => /^(REJECT|DROP)$/.test(targetOf(line))),
    endpoints: services.length > 0 && endpoints.length === 0 ? undefined : [...new Set(endpoints)],
    lines: [...entry, ...translations],
  };
}
