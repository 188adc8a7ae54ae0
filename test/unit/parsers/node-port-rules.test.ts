import { describe, expect, it } from 'vitest';
import { parseNodePortRules } from '../../../src/parsers/node-port-rules.ts';

/** As nft 1.0.6 prints what kube-proxy 1.37 writes; made by hand, since a recording is of one cluster's Services. */
const list = (...entries: object[]) => JSON.stringify({ nftables: [{ metainfo: {} }, ...entries] });
const MAP = {
  map: {
    family: 'ip',
    name: 'service-nodeports',
    table: 'kube-proxy',
    type: ['inet_proto', 'inet_service'],
    map: 'verdict',
    elem: [
      [{ concat: ['tcp', 30080] }, { goto: { target: 'external-ABC12345-shop/web/tcp/http' } }],
      [
        { elem: { val: { concat: ['udp', 30053] }, comment: 'x' } },
        { goto: { target: 'external-ABC12346-shop/names/udp/' } },
      ],
    ],
  },
};
const SET = { set: { family: 'ip', name: 'nodeport-ips', table: 'kube-proxy', elem: ['198.51.100.11'] } };

describe('what kube-proxy has written for NodePorts', () => {
  it('is which ports there are, and which addresses serve them', () => {
    expect(parseNodePortRules(list(MAP, SET))).toEqual({
      addresses: { ip: ['198.51.100.11'], ip6: undefined },
      ports: [
        { family: 'ip', protocol: 'tcp', port: 30080, service: 'shop/web' },
        { family: 'ip', protocol: 'udp', port: 30053, service: 'shop/names' },
      ],
    });
  });

  it('is each address of the node where there is no set of them', () => {
    expect(parseNodePortRules(list(MAP))?.addresses.ip).toBeUndefined();
  });

  it.each(['', '{"nftables": [', list(), list(SET), list({ map: { ...MAP.map, table: 'other' } })])(
    'is not known from %j',
    (text) => {
      expect(parseNodePortRules(text)).toBeUndefined();
    },
  );
});
