import { describe, expect, it } from 'vitest';
import { parseBusiestTranslations } from '../../../src/parsers/busiest-translations.ts';
import { parseTunnelWay } from '../../../src/parsers/tunnel-way.ts';

describe('parseTunnelWay', () => {
  it.each([
    ['all is carried', 'carries 1500\n', { carries: 1500, lost: [] }],
    [
      'a router says what is',
      'lost 1500\nicmp From 198.18.131.2 icmp_seq=1 Frag needed and DF set (mtu = 1400)\nlost 1450\ncarries 1400\n',
      {
        carries: 1400,
        lost: [1500, 1450],
        told: 'From 198.18.131.2 icmp_seq=1 Frag needed and DF set (mtu = 1400)',
        toldMtu: 1400,
      },
    ],
    [
      'the host itself knows it, and does not say how much',
      'lost 1500\nicmp ping: sendmsg: Message too long\ncarries 1492\n',
      { carries: 1492, lost: [1500], told: 'ping: sendmsg: Message too long' },
    ],
    ['none of the sizes is', 'lost 1500\nlost 1280\n', { lost: [1500, 1280] }],
    ['nobody answers', 'no-answer\n', 'no-answer'],
    ['ping cannot', 'no-ping\n', 'no-ping'],
    ['it was ended', '', undefined],
  ])('where %s', (_what, text, way) => {
    expect(parseTunnelWay(text)).toEqual(way);
  });
});

describe('parseBusiestTranslations', () => {
  it('reads what was counted, and nothing else', () => {
    const text = 'busy 20 tcp 198.18.130.1 198.18.130.2 8080\nbusy x tcp a b 1\nnoise\n';
    expect(parseBusiestTranslations(text)).toEqual([
      { count: 20, protocol: 'tcp', near: '198.18.130.1', far: '198.18.130.2', port: 8080 },
    ]);
  });
});
