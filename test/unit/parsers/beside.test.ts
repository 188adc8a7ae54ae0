import { describe, expect, it } from 'vitest';
import { parseBeside, parseVethEnd } from '../../../src/parsers/beside.ts';

/** As src/probes/beside.sh printed it. */
const END = `namespace /run/netns/node
part end
 cali0
part settings
 all proxy_arp 0
 all forwarding 1
 cali0 proxy_arp 1
 cali0 forwarding 1
part way
 RTNETLINK answers: Network is unreachable
`;

describe('parseBeside', () => {
  it('has the parts of each namespace, whatever their lines look like', () => {
    const text =
      'namespace /proc/12/ns/net\npart rules\n part x\n namespace y\npart none\nnamespace /run/netns/b\n';
    expect(parseBeside(text)).toEqual([
      {
        path: '/proc/12/ns/net',
        parts: new Map([
          ['rules', 'part x\nnamespace y\n'],
          ['none', ''],
        ]),
      },
      { path: '/run/netns/b', parts: new Map() },
    ]);
  });

  it('is nothing where there are too many, or none', () => {
    expect(parseBeside(`${END}more\n`)).toBeUndefined();
    expect(parseBeside('')).toEqual([]);
  });
});

describe('parseVethEnd', () => {
  it('has what decides, and why there is no way', () => {
    expect(parseVethEnd(END)).toEqual({
      path: '/run/netns/node',
      name: 'cali0',
      isProxy: true,
      forwards: true,
      way: 'RTNETLINK answers: Network is unreachable',
    });
  });

  it('has the interface of the way, and counts that of all', () => {
    const text = END.replace('all proxy_arp 0', 'all proxy_arp 1')
      .replace('cali0 proxy_arp 1', 'cali0 proxy_arp 0')
      .replace('cali0 forwarding 1', 'cali0 forwarding 0')
      .replace(/RTNETLINK.*/, '169.254.1.1 from 198.18.77.2 via 198.18.78.2 dev eth0 \n     cache iif cali0');
    expect(parseVethEnd(text)).toMatchObject({ isProxy: true, forwards: false, device: 'eth0' });
  });

  it.each([
    ['two could be it', END + END.replace('/node', '/other')],
    ['nobody is', ''],
    ['a setting is missing', END.replace(/ cali0 proxy_arp 1\n/, '')],
    ['the lookup said nothing', END.replace(/ RTNETLINK.*\n/, '')],
  ])('is not known where %s', (_why, text) => {
    expect(parseVethEnd(text)).toBeUndefined();
  });
});
