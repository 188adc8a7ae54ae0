/** NT-FW-001 of a host on the target's own link, and NT-ARP-001 where the check meets a gateway that nobody has by right. */
import { describe, expect, it } from 'vitest';
import { judgeFirewall } from '../../../../../src/checks/firewall/judge.ts';
import { destination, evidence, remedyOf, result } from '../../results.ts';

const HOST = '198.18.79.100';
const SELF = { namespace: '', name: '', labels: {}, ports: [], hostNetwork: false };

interface Seen {
  readonly mac?: string;
  readonly via?: string;
  readonly state?: string;
  /** A pod's node that nobody looks at. */
  readonly isNodeUnseen?: true;
  readonly inCluster?: boolean;
}

function found({
  mac = 'ee:dd:ac:1d:2c:9e',
  via,
  state = 'REACHABLE',
  isNodeUnseen,
  inCluster = false,
}: Seen) {
  const isSilent = state === 'REACHABLE';
  const entry = { dst: via ?? HOST, dev: 'eth0', state: [state], ...(isSilent ? { lladdr: mac } : {}) };
  const tries = isSilent ? 'try 400000\n' : 'try 400000\nconnect: No route to host\nfailed 3060000\n';
  const { findings } = judgeFirewall(
    evidence({
      'to0-reach': result(
        `address ${HOST}\nroute ${HOST} ${via === undefined ? '' : `via ${via} `}dev eth0 src 198.18.79.1 uid 0\n${tries}`,
        { command: ['reach', 'tcp', HOST, '8080'], durationMs: 4000 },
      ),
      ...(isSilent
        ? {
            'reach-sockets': result(
              `SYN-SENT 0 1 198.18.79.1:44240 ${HOST}:8080\n\t bbr rto:1000 retrans:1/2 lost:1\n`,
            ),
          }
        : {}),
      'icmp-errors': result('', { stderr: 'listening on any\n0 packets captured\n' }),
      neighbours: result(JSON.stringify([entry])),
    }),
    {
      destinations: [destination({ label: `${HOST}:8080`, host: HOST, port: '8080', inCluster })],
      ...(isNodeUnseen === undefined ? {} : { isNodeUnseen }),
      policies: { policies: [], self: SELF, pods: {}, services: [], unread: [] },
    },
  );
  return findings.filter(({ severity }) => severity === 'critical');
}

describe('NT-FW-001 on the own link', () => {
  it('says who can say more', () => {
    const [one] = found({});
    expect(one?.id).toBe('NT-FW-001');
    expect(one?.summary).toContain('where ee:dd:ac:1d:2c:9e answers for it now');
    expect(one?.summary).not.toContain('VRRP');
    expect(remedyOf(one)).toContain('kubectl nettools firewall local --to 198.18.79.100:8080');
  });

  it('knows the MAC address of a virtual router', () => {
    expect(found({ mac: '00:00:5e:00:01:1f' })[0]?.summary).toMatch(
      /that host is not the one that is meant \(it is the MAC address of VRRP router 31: the address is a virtual one, and keepalived's strict mode, vrrp_strict, drops what is sent to such\)\.$/,
    );
    expect(found({ mac: '00:00:5e:00:02:1f' })[0]?.summary).not.toContain('VRRP');
  });

  it('is about the way where a router is between', () => {
    const [one] = found({ via: '198.18.79.254' });
    expect(one?.id).toBe('NT-FW-001');
    expect(remedyOf(one)).not.toContain('firewall local');
  });
});

describe('NT-FW-001 of a host outside of the cluster', () => {
  const via = '198.18.79.254';

  it('says what decides and a pod does not see, and how to see it', () => {
    const [one] = found({ via, isNodeUnseen: true });
    expect(one?.summary).toMatch(
      /; not measured: with which address it leaves the pod's node \(masqueraded or not\), and whether the node itself is answered \(--deep shows both\)\.$/,
    );
    expect(remedyOf(one)).toMatch(/\nkubectl nettools firewall TARGET --deep --to 198\.18\.79\.100:8080$/);
  });

  it.each<[string, Seen]>([
    ['somebody looks at the node, or the target is none of a pod', { via }],
    ['DEST is of the cluster', { via, isNodeUnseen: true, inCluster: true }],
    ['DEST is on the own link', { isNodeUnseen: true }],
  ])('does not where %s', (_why, seen) => {
    const [one] = found(seen);
    expect(one?.id).toBe('NT-FW-001');
    expect(one?.summary).not.toContain('not measured');
    expect(remedyOf(one)).not.toContain('--deep');
  });
});

describe('NT-ARP-001', () => {
  it('says who answers for a link-local gateway', () => {
    const [one] = found({ via: '169.254.1.1', state: 'FAILED' });
    expect(one?.id).toBe('NT-ARP-001');
    expect(one?.summary).toContain(
      'the address that Calico gives its pods as gateway, which no interface has: the other end of eth0',
    );
    expect(remedyOf(one)).toContain('ip route get 198.18.79.1 names that end');
  });

  it('is as before for every other gateway', () => {
    const [one] = found({ via: '198.18.79.254', state: 'FAILED' });
    expect(one?.summary).not.toContain('proxy ARP');
    expect(remedyOf(one)).toContain("has the gateway's address");
  });
});
