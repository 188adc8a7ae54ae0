import { describe, expect, it } from 'vitest';
import { judgeFirewall } from '../../../../src/checks/firewall/judge.ts';
import { destination, evidence, named, result } from '../results.ts';

const OK = 'try 400\nok 613\n';
const REFUSED = 'try 400\nenvironment: connect: Connection refused\nfailed 90\n';
const COUNTERS = 'Icmp: InMsgs InDestUnreachs\nIcmp: 0 0\n';
const COUNTERS6 = 'Icmp6InDestUnreachs 0\n';
const SELF = { namespace: '', name: '', labels: {}, ports: [], hostNetwork: false };

/** A Service's address that refuses, and what its endpoints say. @param total how many it has */
function judged(endpoints: readonly string[], total = endpoints.length) {
  const tried = (address: string, said: string) =>
    result(`address ${address}\nroute ${address} via 192.0.2.1 dev eth0 src 192.0.2.50\n${said}`, {
      command: ['reach', 'tcp', address, '80'],
    });
  const label = 'svc/shop';
  return judgeFirewall(
    evidence({
      'counters-before': result(COUNTERS),
      'counters-after': result(COUNTERS),
      'counters6-before': result(COUNTERS6),
      'counters6-after': result(COUNTERS6),
      'to0-reach': tried('192.0.2.9', REFUSED),
      ...Object.fromEntries(
        endpoints.map((said, i) => [`to${i + 1}-reach`, tried(`192.0.2.${i + 10}`, said)]),
      ),
    }),
    {
      destinations: [
        destination({ label, host: '192.0.2.9', port: '80', service: { label, part: 'virtual' } }),
        ...endpoints.map((_, i) =>
          destination({
            id: `to${i + 1}`,
            label: `${label} → shop-${i}`,
            host: `192.0.2.${i + 10}`,
            port: '8080',
            service: { label, part: 'endpoint', total },
          }),
        ),
      ],
      policies: { policies: [], self: SELF, pods: {}, services: [], unread: [] },
    },
  );
}

describe('a Service whose address refuses', () => {
  it('is not said to have nobody who listens where all of its endpoints do', () => {
    const found = judged([OK, OK]);
    expect(named(found)).toEqual(['NT-SVC-003 critical']);
    expect(found.summary).toMatch(
      /^svc\/shop .*refuses the connection, and all of its endpoints take one by themselves/,
    );
  });

  it.each<[string, readonly string[], number]>([
    ['an endpoint refuses', [OK, REFUSED], 2],
    ['not all were tried', [OK, OK], 3],
    ['none was tried', [], 0],
  ])('keeps its own story where %s', (_what, endpoints, total) => {
    const ids = judged(endpoints, total).findings.map(({ id }) => id);
    expect(ids).not.toContain('NT-SVC-003');
  });
});
