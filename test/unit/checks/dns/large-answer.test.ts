import { describe, expect, it } from 'vitest';
import { linkCauses } from '../../../../src/checks/causes.ts';
import { result } from '../results.ts';
import { ids, SERVICE_ADDRESS } from './facts.ts';
import { judgedRun } from './made-run.ts';

const NAME = 'big.test.';

/** As the probe prints what a server says of one name over TCP. */
function overTcp(addresses: number, type = 'A'): string {
  const records = Array.from(
    { length: addresses },
    (_, i) => `${NAME} 60\tIN ${type} ${type === 'A' ? `198.18.51.${i + 1}` : `2001:db8::${i + 1}`}`,
  );
  const lines = [
    ';; Got answer:',
    ';; ->>HEADER<<- opcode: QUERY, status: NOERROR, id: 19552',
    `;; flags: qr aa rd; QUERY: 1, ANSWER: ${addresses}, AUTHORITY: 0, ADDITIONAL: 0`,
    '',
    ';; ANSWER SECTION:',
    ...records,
    '',
    ';; Query time: 274 usec',
    ';; MSG SIZE  rcvd: 1800',
  ];
  return `query server ${SERVICE_ADDRESS} 53 tcp 3 1 ${NAME} ${type}\n${lines.map((line) => `|${line}`).join('\n')}\n`;
}

/** The server answers what else it is asked by UDP; how it answers this by UDP, once in the probe and once more. */
const run = (more: string, first = 'timed out', second = first) =>
  judgedRun(
    [
      {
        address: SERVICE_ADDRESS,
        udp: (name, type) => (name === NAME && type === 'A' ? first : '198.19.0.1'),
      },
    ],
    {
      names: [NAME],
      more: `query server ${SERVICE_ADDRESS} 53 udp 1 1 ${NAME} A\n|${
        second === 'timed out'
          ? `;; communications error to ${SERVICE_ADDRESS}#53: timed out\n|;; no servers could be reached`
          : ';; Got answer:\n|;; ->>HEADER<<- opcode: QUERY, status: NOERROR, id: 1\n|;; flags: qr tc rd; QUERY: 1, ANSWER: 0, AUTHORITY: 0, ADDITIONAL: 0\n|;; Query time: 9 usec\n|;; MSG SIZE  rcvd: 30'
      }\n${more}`,
    },
  ).findings;

describe('NT-DNS-023', () => {
  it('is what lost packets follow from, where they are those of one large answer', () => {
    const found = linkCauses(run(overTcp(92)));
    const cause = found.find(({ id }) => id === 'NT-DNS-023');
    expect(cause?.severity).toBe('critical');
    expect(cause?.summary).toMatch(
      /over TCP, with 92 addresses \(at least 1498 bytes\), and never over UDP \(2 tries\)/,
    );
    expect(found.filter(({ severity, causedBy }) => severity !== 'info' && causedBy === undefined)).toEqual([
      cause,
    ]);
  });

  it.each([
    ['the answer fits into one packet', run(overTcp(90))],
    ['it came once, cut', run(overTcp(92), 'timed out', 'cut')],
    ['it came each time', run(overTcp(92), 'cut 198.18.51.1', 'cut')],
    ['it is not known by TCP', run('')],
  ])('is not said where %s', (_what, findings) => {
    expect(ids(findings)).not.toContain('NT-DNS-023 critical');
  });
});

describe('NT-DNS-001 of a server on the link', () => {
  const said = (tcp: string, state: string | undefined) =>
    judgedRun([{ address: '192.0.2.129', udp: () => 'timed out', tcp: () => tcp }], {
      conf: 'nameserver 192.0.2.129\n',
      input: { services: { value: [] } },
      evidence:
        state === undefined
          ? {}
          : {
              neighbours: {
                id: 'neighbours',
                ...result(
                  JSON.stringify([
                    { dst: '192.0.2.129', dev: 'eth0', lladdr: '02:00:00:00:00:01', state: [state] },
                  ]),
                ),
              },
            },
    }).findings.find(({ id }) => id === 'NT-DNS-001')?.summary;

  it('names the filter of a machine that answers ARP', () => {
    expect(said('timed out', 'REACHABLE')).toMatch(/is on the same link \(eth0\) and answers ARP \(02:00/);
  });

  it.each(['FAILED', 'INCOMPLETE', 'PROBE', undefined])('says nothing of one whose entry is %s', (state) => {
    expect(said('timed out', state)).toMatch(/nothing comes back over TCP either\.$/);
  });

  it('tells of an error that TCP alone hears', () => {
    expect(said('host unreachable', 'REACHABLE')).toMatch(
      /over TCP fails with "host unreachable", though 192\.0\.2\.129 is on the same link .*: the way is there, and a packet filter rejects port 53/,
    );
  });
});
