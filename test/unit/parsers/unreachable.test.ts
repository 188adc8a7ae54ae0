import { describe, expect, it } from 'vitest';
import { parseUnreachables } from '../../../src/parsers/unreachable.ts';
import { recorded } from '../checks/recorded-ways.ts';

const heard = (name: string) => parseUnreachables(recorded(name).evidence['icmp-errors']?.stdout ?? '');

describe('parseUnreachables', () => {
  it.each([
    ['firewall-node-reject', '198.18.1.1', 'port-unreachable'],
    ['firewall-admin-prohibited', '198.18.1.1', 'prohibited'],
    ['firewall-router-no-route', '198.18.1.1', 'net-unreachable'],
    ['firewall-arp-last-hop', '198.51.100.12', 'host-unreachable'],
  ])('reads %s', (name, sender, kind) => {
    expect(heard(name)[0]).toMatchObject({ sender, kind });
  });

  it('reads the port where it is told', () => {
    expect(heard('firewall-node-reject')[0]).toMatchObject({ protocol: 'tcp', port: 8080 });
    expect(heard('firewall-no-listener-udp')[0]).toMatchObject({ protocol: 'udp', port: 9999 });
    expect(heard('firewall-admin-prohibited')[0]).toMatchObject({ protocol: undefined, port: undefined });
    // To an echo request to the address of a Service, kube-proxy's rules say so.
    const [echo] = parseUnreachables(
      '14:06:44.942133 eth0  In  IP 198.18.1.1 > 198.18.1.111: ICMP 198.19.231.76 protocol 1 port 29886 unreachable, length 92\n',
    );
    expect(echo).toMatchObject({ protocol: 'other', kind: 'port-unreachable', about: '198.19.231.76' });
  });

  it.each([
    ['host 198.51.100.7 unreachable - admin prohibited', 'prohibited'],
    ['net 198.51.100.7 unreachable - admin prohibited', 'prohibited'],
    ['198.51.100.7 protocol 47 unreachable', 'protocol-unreachable'],
    ['198.51.100.7 unreachable - need to frag (mtu 1400)', 'fragmentation-needed'],
    ['198.51.100.7 unreachable - source route failed', 'other'],
  ])('reads %s', (text, kind) => {
    const line = `09:00:00.000000 eth0  In  IP 198.51.100.1 > 198.51.100.2: ICMP ${text}, length 68`;
    expect(parseUnreachables(`${line}\n${line}\n`)).toMatchObject([{ about: '198.51.100.7', kind }]);
  });

  it.each([
    ['unreachable route 2001:db8::7', 'net-unreachable'],
    ['unreachable address 2001:db8::7', 'host-unreachable'],
    [' unreachable prohibited 2001:db8::7', 'prohibited'],
    ['unreachable port, 2001:db8::7 tcp port 80', 'port-unreachable'],
  ])('reads ICMPv6, %s', (text, kind) => {
    const line = `09:00:00.000000 eth0  In  IP6 2001:db8::1 > 2001:db8::2: ICMP6, destination unreachable, ${text}, length 68`;
    expect(parseUnreachables(line)).toMatchObject([{ sender: '2001:db8::1', about: '2001:db8::7', kind }]);
  });
});
