import { describe, expect, it } from 'vitest';
import { parseDnsProbe } from '../../../src/parsers/dns-probe.ts';
import { parseTcpdumpIcmp } from '../../../src/parsers/tcpdump-icmp.ts';
import { recording } from '../../recordings/recordings.ts';

describe('parseTcpdumpIcmp', () => {
  it('reads who rejected what', () => {
    const errors = parseTcpdumpIcmp(parseDnsProbe(recording('dns-refused').stdout).icmp ?? '');
    expect(errors.length).toBeGreaterThan(0);
    for (const { text, destination } of errors) {
      expect(text).toMatch(/udp port 53 unreachable/);
      expect(destination).toMatch(/^198\.1[89]\./);
    }
    // What is translated comes back in the Service's name, what goes to a server behind it does not.
    expect(errors.some(({ sender, destination }) => sender === '198.18.1.1' && destination !== sender)).toBe(
      true,
    );
  });

  it.each([
    [
      'IP 198.51.100.1 > 198.51.100.2: ICMP host 198.51.100.9 unreachable - admin prohibited filter, length 68',
      '198.51.100.1',
      '198.51.100.9',
    ],
    [
      'IP 198.51.100.1 > 198.51.100.2: ICMP net 198.51.100.9 unreachable, length 68',
      '198.51.100.1',
      '198.51.100.9',
    ],
    [
      'IP6 2001:db8::1 > 2001:db8::2: ICMP6, destination unreachable, unreachable port, 2001:db8::9 udp port 53, length 68',
      '2001:db8::1',
      '2001:db8::9',
    ],
  ])('reads %s', (line, sender, destination) => {
    expect(parseTcpdumpIcmp(`09:20:19.258641 eth0  In  ${line}`)).toMatchObject([{ sender, destination }]);
  });

  it('leaves other messages out', () => {
    expect(
      parseTcpdumpIcmp(
        '09:20:19.2 eth0 In IP 198.51.100.1 > 198.51.100.2: ICMP echo request, id 1, seq 1, length 64\n',
      ),
    ).toEqual([]);
  });
});
