import { describe, expect, it } from 'vitest';
import { parseServiceRules, type ServiceKey } from '../../../src/parsers/service-rules.ts';
import { recording } from '../../recordings/recordings.ts';

function recorded(name: string): { text: string; key: ServiceKey; pods: string[] } {
  const { argv, stdout } = recording(`kube-proxy-${name}`);
  const [, , clusterIp = '', protocol, port, service = ''] = argv;
  const [namespace = '', own = ''] = service.split('/');
  const addresses = Array.from(stdout.matchAll(/198\.18\.[12]\.\d+/g), ([address]) => `${address}:8080`);
  return {
    text: stdout,
    key: { namespace, name: own, clusterIp, protocol: protocol as 'tcp' | 'udp', port: Number(port) },
    // The range of all pods is in the rules of the iptables mode too.
    pods: [...new Set(addresses)].filter((address) => !address.includes('.0.0')),
  };
}

describe.each(['nftables', 'iptables'] as const)("kube-proxy's rules in %s mode", (mode) => {
  it.each([
    ['several', 2],
    ['one', 1],
    ['sticky', 2],
    ['local', 1],
    ['udp', 2],
  ] as const)('lead to the endpoints: %s', (name, count) => {
    const { text, key, pods } = recorded(`${mode}-${name}`);
    const rules = parseServiceRules(text, key);
    expect(rules).toMatchObject({ mode, isKnown: true, saysNone: false });
    expect(pods).toHaveLength(count);
    expect([...(rules?.endpoints ?? [])].sort()).toEqual(pods.sort());
    expect(rules?.lines.join('\n')).toContain(key.clusterIp);
  });

  it('say that there is no endpoint', () => {
    const { text, key } = recorded(`${mode}-empty`);
    expect(parseServiceRules(text, key)).toMatchObject({ isKnown: false, saysNone: true, endpoints: [] });
  });

  it.each([
    ['another port', { port: 8080 }],
    ['another protocol', { protocol: 'udp' }],
    ['another address', { clusterIp: '198.19.0.99' }],
  ] as const)('have nothing for %s', (_title, change) => {
    const { text, key } = recorded(`${mode}-several`);
    expect(parseServiceRules(text, { ...key, ...change })).toMatchObject({
      isKnown: false,
      saysNone: false,
      endpoints: [],
    });
  });

  it('are not known to have none where what follows the entry is not understood', () => {
    const { text, key } = recorded(`${mode}-several`);
    const cut = text
      .split('\n')
      .filter((line) => !/dnat|KUBE-SEP/.test(line))
      .join('\n');
    expect(parseServiceRules(cut, key)).toMatchObject({ isKnown: true, endpoints: undefined });
  });
});

describe('parseServiceRules', () => {
  const key: ServiceKey = {
    namespace: 'a',
    name: 'web',
    clusterIp: '2001:db8::1',
    protocol: 'tcp',
    port: 80,
  };

  it('reads IPv6 (by the same forms; no cluster of that family was at hand)', () => {
    const map = '2001:db8::1 . tcp . 80 : goto service-X-a/web/tcp/http }';
    const body =
      'meta l4proto tcp dnat ip6 to numgen random mod 2 map { 0 : 2001:db8:1::5 . 80, 1 : 2001:db8:1::6 . 80 }';
    const nft = (line: string) =>
      `mode nftables\n${map}\n\tchain service-X-a/web/tcp/http {\n\t\t${line}\n\t}\n`;
    expect(parseServiceRules(nft(body), key)?.endpoints).toEqual([
      '[2001:db8:1::5]:80',
      '[2001:db8:1::6]:80',
    ]);
    const one = 'meta l4proto tcp dnat to [2001:db8:1::5]:80';
    expect(parseServiceRules(nft(one), key)?.endpoints).toEqual(['[2001:db8:1::5]:80']);
    const comment = '-m comment --comment "a/web:http';
    const ipt = [
      'mode iptables',
      `-A KUBE-SERVICES -d 2001:db8::1/128 -p tcp ${comment} cluster IP" -m tcp --dport 80 -j KUBE-SVC-A`,
      `-A KUBE-SVC-A ${comment} -> [2001:db8:1::5]:80" -j KUBE-SEP-B`,
      `-A KUBE-SEP-B -p tcp ${comment}" -m tcp -j DNAT --to-destination [2001:db8:1::5]:80`,
    ].join('\n');
    expect(parseServiceRules(ipt, key)?.endpoints).toEqual(['[2001:db8:1::5]:80']);
  });

  it('takes no Service whose name begins alike for this one', () => {
    const { text, key: several } = recorded('iptables-several');
    expect(parseServiceRules(text, { ...several, name: 'sever' })?.isKnown).toBe(false);
  });

  it('is undefined where kube-proxy has written nothing', () => {
    expect(parseServiceRules('', key)).toBeUndefined();
  });
});
