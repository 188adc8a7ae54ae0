/** NT-CT-009: with whose address what a pod sends to a host outside leaves its node, and who is answered there. */
import { describe, expect, it } from 'vitest';
import type { PathInput } from '../../../../src/checks/path/facts.ts';
import { judgePath } from '../../../../src/checks/path/judge.ts';
import { destination, evidence, remedyOf, result } from '../results.ts';

const POD = '198.18.1.7';
const NODE = '198.51.100.11';
const HOST = '203.0.113.9';

const INPUT: PathInput = {
  places: [
    { id: 'p0', label: 'pod/web', isTarget: true },
    { id: 'p1', label: 'node/n1', node: 'n1', isTarget: false },
  ],
  routes: [
    {
      destination: destination({ label: `${HOST}:8080`, host: HOST, port: '8080' }),
      places: [
        { id: 'p0', role: 'source' },
        { id: 'p1', role: 'source-node' },
      ],
      isOutside: true,
    },
  ],
  inside: ['198.18.1.0/24', NODE],
  own: { label: 'pod/web', node: 'n1', isHost: false, addresses: [POD] },
};

interface Packet {
  readonly seq: number;
  readonly from?: string;
  readonly port?: number;
}

const syn = (device: string, way: 'In' | 'Out', { seq, from = POD, port = 4000 }: Packet): string =>
  `${seq}.1 ${device}  ${way} IP ${from}.${port} > ${HOST}.8080: Flags [S], seq ${seq}, win 1, length 0`;
const answer = (device: string, way: 'In' | 'Out', { seq, from = POD, port = 4000 }: Packet): string =>
  `${seq}.2 ${device}  ${way} IP ${HOST}.8080 > ${from}.${port}: Flags [S.], seq 9, ack ${seq + 1}, win 1, length 0`;

/** A try again is the same packet at another time. */
const again = (line: string): string => line.replace('.1 ', '.5 ');
const twice = (...lines: readonly string[]): string[] => [...lines, ...lines.map(again)];

/** What a node sends itself has come in by no interface. */
const OWN = { seq: 700, from: NODE, port: 5000 };
const PROBE = { seq: 1000 };
const ASKED = ['address 203.0.113.9', `route ${HOST} via 198.18.1.1 dev eth0 src ${POD} uid 0`, 'try 400000'];

interface Run {
  /** Lines of the node. */
  readonly node?: readonly string[];
  readonly pod?: readonly string[];
  readonly said?: readonly string[];
  /** What the node's own probe said. */
  readonly control?: readonly string[];
  readonly more?: Parameters<typeof evidence>[0];
}

const LEAVES = twice(syn('veth1', 'In', PROBE), syn('cni0', 'In', PROBE), syn('eth0', 'Out', PROBE));
const ANSWERED = [syn('eth0', 'Out', OWN), answer('eth0', 'In', OWN)];
const text = (lines: readonly string[]): string => lines.map((line) => `${line}\n`).join('');

function judged({
  node = [...LEAVES, ...ANSWERED],
  pod = twice(syn('eth0', 'Out', PROBE)),
  said = ASKED,
  control = [`address ${HOST}`, 'try 400000', 'ok 200'],
  more = {},
}: Run = {}) {
  const command = ['reach', 'tcp', HOST, '8080'];
  const isOpen = !said.includes('ok 200');
  return judgePath(
    evidence({
      'to0-reach': result(text(said), {
        command,
        status: isOpen ? 'timeout' : 'exited',
        durationMs: 4000,
      }),
      'p0-seen': result(text(pod), { command: ['tcpdump'] }),
      'p1-seen': result(text(node), { command: ['tcpdump'] }),
      'p1-to0-control': result(text(control), { command, durationMs: 4000 }),
      ...more,
    }),
    INPUT,
  );
}

const ids = (run: Run): string[] => judged(run).findings.map(({ id }) => id);

describe('NT-CT-009', () => {
  it("names the pod's own address, the interface and whom the host answers", () => {
    const [found, ...others] = judged().findings;
    expect(others).toEqual([]);
    expect(found).toMatchObject({ id: 'NT-CT-009', severity: 'critical', subject: `${HOST}:8080` });
    expect(found?.summary).toBe(
      `What the pod sends to ${HOST}:8080 (${HOST}:8080) leaves node/n1 by eth0 with the pod's own address ${POD}, which nobody masquerades there, and gets no answer (2 packets); what node/n1 sends there itself, from ${NODE}, is answered: beyond the node nobody knows the way back to ${POD}, or a firewall takes the node's address alone.`,
    );
    expect(found?.evidence.slice(0, 2).map(({ command, excerpt }) => [command[0], excerpt])).toEqual([
      ['[node/n1]', syn('eth0', 'Out', PROBE)],
      ['[node/n1]', syn('eth0', 'Out', OWN)],
    ]);
    expect(remedyOf(found)).toMatch(/run node\/n1 -- nft list ruleset$/);
  });

  const masqueraded = { ...PROBE, from: NODE };
  it.each<[string, Run]>([
    [
      'the node masquerades, and the host answers',
      {
        said: [...ASKED, 'ok 200'],
        pod: [syn('eth0', 'Out', PROBE), answer('eth0', 'In', PROBE)],
        node: [
          ...[syn('veth1', 'In', PROBE), syn('eth0', 'Out', masqueraded)],
          ...[answer('eth0', 'In', masqueraded), answer('veth1', 'Out', PROBE), ...ANSWERED],
        ],
      },
    ],
    [
      'pods are routed, and the host answers',
      {
        said: [...ASKED, 'ok 200'],
        pod: [syn('eth0', 'Out', PROBE), answer('eth0', 'In', PROBE)],
        node: [
          ...[syn('veth1', 'In', PROBE), syn('eth0', 'Out', PROBE)],
          ...[answer('eth0', 'In', PROBE), answer('veth1', 'Out', PROBE), ...ANSWERED],
        ],
      },
    ],
    [
      'the node masquerades, and the host is silent all the same',
      { node: [...twice(syn('veth1', 'In', PROBE), syn('eth0', 'Out', masqueraded)), ...ANSWERED] },
    ],
    [
      'the host answers the node neither',
      { node: [...LEAVES, syn('eth0', 'Out', OWN)], control: [`address ${HOST}`, 'try 400000'] },
    ],
    [
      "a name is another address there, and the node's own probe went to that",
      { control: ['address 203.0.113.10', 'try 400000', 'ok 200'] },
    ],
    [
      'what is answered is what the node leads on for another pod',
      { node: [...LEAVES, syn('veth2', 'In', { ...OWN, from: '198.18.1.8' }), ...ANSWERED] },
    ],
    [
      'a tunnel takes it to another node, which may masquerade',
      {
        node: [...twice(syn('veth1', 'In', PROBE), syn('cilium_vxlan', 'Out', PROBE)), ...ANSWERED],
      },
    ],
    ['it was sent once', { node: [syn('veth1', 'In', PROBE), syn('eth0', 'Out', PROBE), ...ANSWERED] }],
    [
      'it was not seen to leave the node: it may go on to another address',
      { node: [syn('veth1', 'In', PROBE)] },
    ],
    ['the node does not see what the pod sends', { node: ANSWERED }],
    ['somebody has sent an error', { said: [...ASKED, 'bash: connect: No route to host', 'failed 300000'] }],
  ])('is silent where %s', (_why, run) => {
    expect(ids(run)).toEqual([]);
  });

  it('is silent of an address of a pod, whatever stands for it', () => {
    const inside = { ...INPUT, inside: ['203.0.113.0/24'] };
    const { findings } = judgePath(
      evidence({
        'to0-reach': result(text(ASKED), {
          command: ['reach', 'tcp', HOST, '8080'],
          status: 'timeout',
          durationMs: 4000,
        }),
        'p0-seen': result(text(twice(syn('eth0', 'Out', PROBE)))),
        'p1-seen': result(text([...LEAVES, ...ANSWERED])),
        'p1-to0-control': result(text([`address ${HOST}`, 'try 400000', 'ok 200'])),
      }),
      inside,
    );
    expect(findings).toEqual([]);
  });

  it("says so where the node's own probe was not sent", () => {
    const found = judged({ node: LEAVES, control: ['unresolved'] }).findings;
    expect(found.map(({ id, summary }) => [id, summary])).toEqual([
      [
        'NT-SYS-001',
        expect.stringMatching(
          /^whether node\/n1 itself is answered by 203\.0\.113\.9:8080: the name does not resolve/,
        ),
      ],
    ]);
  });

  it('knows nothing where the node heard only a part of what passed', () => {
    const full = { ...result(`${text([...LEAVES, ...ANSWERED])}`.repeat(700)), command: ['tcpdump'] };
    expect(ids({ more: { 'p1-seen': full } })).toEqual(['NT-SYS-001']);
  });
});

describe('a host outside that is silent', () => {
  it('tells with which address the probe leaves, and that the node is not answered either', () => {
    const { status, summary } = judged({
      node: [...twice(syn('veth1', 'In', PROBE), syn('eth0', 'Out', { ...PROBE, from: NODE }))],
      control: [`address ${HOST}`, 'try 400000'],
    });
    expect(status).toBe('error');
    expect(summary).toBe(
      `${HOST}:8080: no answer within 3.6 s; what the target sends leaves node/n1 by eth0 with the source address ${NODE} and is not answered to the node, and neither is what the node sends itself.`,
    );
  });

  it.each([
    ['leave node/n1', [syn('veth1', 'In', PROBE)]],
    ['come to node/n1', ANSWERED],
  ])('does not say that it passes where it was not seen to %s', (where, node) => {
    const { status, summary } = judged({ node });
    expect(status).toBe('error');
    expect(summary).toBe(
      `${HOST}:8080: no answer within 3.6 s; what the target sends was not seen to ${where}: it is lost there, it is sent on to another address, or it passes unseen.`,
    );
  });

  it('is lost on the way back where the node gets the answer', () => {
    const [found] = judged({ node: [...LEAVES, answer('eth0', 'In', PROBE), ...ANSWERED] }).findings;
    expect(found?.id).toBe('NT-PATH-006');
    expect(found?.summary).toMatch(/is lost in node\/n1/);
  });

  it('is lost on the node where a rule there counted it', () => {
    const book = (packets: number) =>
      result(
        `*filter\n:FORWARD ACCEPT [0:0]\n[${packets}:60] -A FORWARD -d ${HOST}/32 -p tcp -m tcp --dport 8080 -j DROP\nCOMMIT\n`,
        { command: ['iptables-save', '-c'] },
      );
    const [found] = judged({
      node: [syn('veth1', 'In', PROBE), ...ANSWERED],
      more: { 'p1-iptables-before': book(0), 'p1-iptables-after': book(2) },
    }).findings;
    expect(found?.id).toBe('NT-PATH-002');
    expect(found?.summary).toMatch(/a rule there counted 2 packets meanwhile: .*DROP/);
  });
});
