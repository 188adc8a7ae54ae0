import { describe, expect, it } from 'vitest';
import { judge } from '../../../src/checks/report.ts';
import { bundleRecording } from '../../recordings/recordings.ts';

const problems = (name: string) =>
  judge(bundleRecording(name).bundle).checks.flatMap((check) =>
    check.findings.filter((f) => f.severity !== 'info'),
  );

describe('recorded faults', () => {
  it.each([
    ['routing-no-default', 'NT-RT-001 critical', /no IPv4 default route, and so none to dns/],
    ['routing-blackhole', 'NT-RT-002 critical', /the blackhole route .* refuses it.*EINVAL/],
    ['routing-unreachable', 'NT-RT-002 critical', /the unreachable route .* refuses it.*EHOSTUNREACH/],
    ['routing-prohibit', 'NT-RT-002 critical', /the prohibit route .* refuses it.*EACCES/],
    ['routing-throw', 'NT-RT-002 critical', /the throw route .* refuses it.*ENETUNREACH/],
    ['routing-rule-prohibit', 'NT-RT-002 critical', /the rule "100: from all to .* prohibit" refuses it/],
    ['routing-no-main', 'NT-RT-004 critical', /No rule looks in table main/],
    ['routing-source', 'NT-RT-005 warning', /from 203\.0\.113\.9, which is not the pod IP/],
    ['routing-remote-hop', 'NT-RT-007 critical', /the next hop 198\.18\.1\.1 has no route/],
    ['arp-gateway', 'NT-ARP-001 critical', /The gateway 198\.18\.1\.254 on eth0 does not answer/],
    ['arp-permanent', 'NT-ARP-002 critical', /PERMANENT entry .* says 02:00:00:00:00:99, but/],
    ['arp-last-hop', 'NT-ARP-002 critical', /the router 198\.51\.100\.12 has looked for it/],
    ['arp-duplicate', 'NT-ARP-004 critical', /own address .* is used by another host too/],
    ['arp-netshoot-gateway', 'NT-ARP-001 critical', /The gateway 198\.18\.1\.254 on eth0 does not answer/],
    ['arp-netshoot-duplicate', 'NT-ARP-004 critical', /own address .* is used by another host too/],
    ['routing-alpine-blackhole', 'NT-RT-002 critical', /a blackhole route or rule refuses it.*EINVAL/],
    ['interfaces-no-carrier', 'NT-IF-001 critical', /has no carrier/],
    ['interfaces-errors', 'NT-IF-002 warning', /packets to be sent on tunnel0 were errors/],
  ])('%s is %s', (name, expected, says) => {
    const [first] = problems(name);
    expect(`${first?.id} ${first?.severity}`).toBe(expected);
    expect(first?.summary).toMatch(says);
    expect(first?.evidence.every(({ excerpt }) => excerpt !== '')).toBe(true);
  });

  it('names the destination that a finding is about, for what follows from it', () => {
    expect(problems('routing-blackhole')[0]?.subject).toBe('pod/far');
    expect(problems('arp-permanent')[0]?.subject).toBe('pod/near');
    expect(problems('arp-gateway')[0]?.subject).toBeUndefined();
  });
});

describe('recorded health', () => {
  it.each(
    ['routing', 'arp', 'interfaces'].flatMap((check) =>
      ['healthy', 'restricted', 'busybox'].map((how) => [`${check}-${how}`] as const),
    ),
  )('%s says nothing above info', (name) => {
    expect(problems(name)).toEqual([]);
  });

  it.each([
    ['routing-healthy', 'pass', []],
    ['arp-healthy', 'pass', []],
    ['arp-netshoot-healthy', 'pass', []],
    ['interfaces-healthy', 'pass', []],
    ['routing-restricted', 'pass', []],
    ['interfaces-restricted', 'pass', []],
    ['arp-restricted', 'pass', [/asking .* NET_RAW: use --profile netadmin/]],
    ['routing-busybox', 'pass', [/packets to dns, .*no bash/, /the routing tables .*prints no JSON/]],
    ['arp-busybox', 'pass', [/the neighbour entries .*prints no JSON/, /the table's limits/]],
    ['interfaces-busybox', 'skip', [/carrier and errors .*prints no JSON/]],
  ] as const)('%s ends with %s and says what was not looked at', (name, status, skips) => {
    const [check] = judge(bundleRecording(name).bundle).checks;
    expect(check?.status).toBe(status);
    const said = check?.findings.map((f) => f.summary) ?? [];
    expect(said).toHaveLength(skips.length);
    skips.forEach((pattern, i) => {
      expect(said[i]).toMatch(pattern);
    });
  });
});
