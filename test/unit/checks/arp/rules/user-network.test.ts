/** NT-ARP-002 on the link of a user-mode network. */
import { describe, expect, it } from 'vitest';
import { judgeArp } from '../../../../../src/checks/arp/judge.ts';
import { destination, evidence, remedyOf, result } from '../../results.ts';

interface Link {
  readonly host?: string;
  readonly state?: string;
  readonly gateway?: { readonly dst: string; readonly lladdr: string; readonly dev?: string };
  readonly route?: string;
}

/** As slirp4netns 1.2.0 makes it. */
const SLIRP = { dst: '10.0.2.2', lladdr: '52:55:0a:00:02:02' };

function found({ host = '10.0.2.77', state = 'FAILED', gateway = SLIRP, route }: Link) {
  const { findings } = judgeArp(
    evidence({
      addresses: result(
        JSON.stringify([
          {
            ifname: 'tap0',
            ifindex: 2,
            operstate: 'UNKNOWN',
            flags: ['UP', 'LOWER_UP'],
            addr_info: [{ family: 'inet', local: '10.0.2.100', prefixlen: 24, scope: 'global' }],
          },
        ]),
      ),
      neighbours: result(
        JSON.stringify([
          {
            dst: host,
            dev: 'tap0',
            state: [state],
            ...(state === 'FAILED' ? {} : { lladdr: '52:55:0a:00:02:03' }),
          },
          { dev: 'tap0', state: ['REACHABLE'], ...gateway },
        ]),
      ),
      'to0-hop': result(`address ${host}\n${route ?? `${host} dev tap0 src 10.0.2.100 uid 0`}\n`),
      'to0-icmp': result('PING\n3 packets transmitted, 0 received, 100% packet loss, time 400ms\n', {
        code: 1,
      }),
      'to0-tcp': result(`address ${host}\ntry\n`, { status: 'timeout' }),
    }),
    { destinations: [destination({ label: `${host}:8090`, host })], peers: [], tableShare: 80 },
  );
  return findings.filter(({ id }) => id === 'NT-ARP-002');
}

describe('NT-ARP-002 on the link of a user-mode network', () => {
  it('says that its range hides a host elsewhere', () => {
    const [one, ...more] = found({});
    expect(more).toEqual([]);
    expect(one?.severity).toBe('critical');
    expect(one?.subject).toBe('10.0.2.77:8090');
    expect(one?.summary).toMatch(
      /^10\.0\.2\.77:8090 is hidden by the range of tap0 \(10\.0\.2\.100\/24\), which is a user-mode network \(slirp4netns, podman, QEMU\): nobody can be on that link but the program itself \(10\.0\.2\.2 is 52:55:0a:00:02:02\)/,
    );
    expect(remedyOf(one)).toContain('--network slirp4netns:cidr=RANGE');
  });

  it.each<[string, Link]>([
    ['the MAC address is of another kind', { gateway: { ...SLIRP, lladdr: '02:42:0a:00:02:02' } }],
    ['it is that of another address', { gateway: { ...SLIRP, dst: '10.0.2.4' } }],
    ['such a host is on another link', { gateway: { ...SLIRP, dev: 'tap1' } }],
    ['the address is not in its range', { host: '198.18.77.9' }],
  ])('is a silent neighbour like any other where %s', (_why, link) => {
    const [one] = found(link);
    expect(one?.summary).toContain('does not answer on tap0');
  });

  it('is silent where the address answers', () => {
    expect(found({ host: '10.0.2.3', state: 'REACHABLE' })).toEqual([]);
  });
});
