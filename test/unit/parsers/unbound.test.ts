import { describe, expect, it } from 'vitest';
import { parseUnbound } from '../../../src/parsers/unbound.ts';

/** As socat 1.7.4 logs it. */
const said = (asked: string, ...received: string[]) =>
  [
    `asked ${asked}`,
    '2026/12/01 02:27:05 socat[27440] N reading from and writing to stdio',
    '2026/12/01 02:27:05 socat[27440] N starting data transfer loop with FDs [0,1] and [5,5]',
    '> 2026/12/01 02:27:05.000831411  length=30 from=0 to=29',
    ' 00 01 6e 65 74 74 6f 6f 6c 73 2d 6e 6f 2d 73 75 63 68 2d 66 69 6c 65 00 6f 63 74 65 74 00',
    '2026/12/01 02:27:05 socat[27440] N local address: AF=2 0.0.0.0:39898',
    '2026/12/01 02:27:05 socat[27440] N socket 1 (fd 0) is at EOF',
    ...received,
    '2026/12/01 02:27:05 socat[27440] N exiting with status 0',
    '',
  ].join('\n');

const received = (from: string) => [
  `2026/12/01 02:27:05 socat[27440] N received packet with 4 bytes from ${from}`,
  '< 2026/12/01 02:27:05.000831683  length=4 from=0 to=3',
  ' 00 05 00 01',
];

describe('parseUnbound', () => {
  it('tells from where an answer came, and how it begins', () => {
    expect(parseUnbound(said('tftp.shop 69 192.0.2.7', ...received('AF=2 192.0.2.7:58939')))).toEqual([
      {
        name: 'tftp.shop',
        port: 69,
        address: '192.0.2.7',
        answer: { address: '192.0.2.7', port: 58939, bytes: [0, 5, 0, 1] },
      },
    ]);
  });

  it('reads each place that was asked, of both families', () => {
    const six = received('AF=10 [2001:0db8:0000:0000:0000:0000:0000:0001]:57033');
    const text = `${said('2001:db8::1 6969 2001:db8::1', ...six)}${said('192.0.2.7 69 192.0.2.7')}`;
    expect(parseUnbound(text)).toMatchObject([
      { answer: { address: '2001:0db8:0000:0000:0000:0000:0000:0001', port: 57033 } },
      { name: '192.0.2.7', port: 69, address: '192.0.2.7' },
    ]);
  });

  it("tells nobody's silence from a socket that could not send", () => {
    const failed =
      '2026/12/01 02:27:05 socat[1] E sendto(5, 0x1, 30, 0, AF=2 192.0.2.7:69, 16): Network is unreachable';
    const [silent] = [parseUnbound(said('192.0.2.7 69 192.0.2.7'))].flat();
    expect(silent).toEqual({ name: '192.0.2.7', port: 69, address: '192.0.2.7' });
    expect(parseUnbound(said('192.0.2.7 69 192.0.2.7', failed))).toMatchObject([
      { failed: 'sendto(5, 0x1, 30, 0, AF=2 192.0.2.7:69, 16): Network is unreachable' },
    ]);
  });

  it('says what lacks', () => {
    expect(parseUnbound('no socat\n')).toEqual({ code: 'no-tool', text: 'socat' });
    expect(parseUnbound('')).toBeUndefined();
  });
});
