import { describe, expect, it } from 'vitest';
import type { PathInput } from '../../../../src/checks/path/facts.ts';
import { judgePath } from '../../../../src/checks/path/judge.ts';
import type { Judgement } from '../../../../src/model/check.ts';
import { destination, evidence, named, result } from '../results.ts';

const [CLIENT, SERVER] = ['198.51.100.1', '198.51.100.7'];
const [BOOT1, BOOT2] = ['1', '2'].map((digit) => `${digit.repeat(8)}-0000-4000-8000-000000000000`);
const [HOST, POD] = ['4026531840', '4026532001'];

const input = (protocol: 'tcp' | 'udp', more: Partial<PathInput> = {}): PathInput => ({
  places: [
    { id: 'p0', label: 'pod/web', onNode: 'n1', isTarget: true },
    { id: 'p1', label: 'node/n1', node: 'n1', isTarget: false },
    { id: 'p2', label: 'node/n2', node: 'n2', isTarget: false },
    { id: 'p3', label: 'pod/db', onNode: 'n2', isTarget: false },
  ],
  routes: [
    {
      destination: destination({ label: 'pod/db', host: SERVER, port: '80', protocol }),
      places: [
        { id: 'p0', role: 'source' },
        { id: 'p1', role: 'source-node' },
        { id: 'p2', role: 'destination-node' },
        { id: 'p3', role: 'destination' },
      ],
    },
  ],
  watchers: ['n1', 'n2'].map((node, i) => ({ id: `d${i}`, node })),
  own: { label: 'pod/web', node: 'n1', isHost: false, addresses: [CLIENT] },
  ...more,
});

const syn = (device: string, way: 'In' | 'Out'): string =>
  `1.1 ${device}  ${way} IP ${CLIENT}.4000 > ${SERVER}.80: Flags [S], seq 1000, win 1, length 0\n`;

interface Flow {
  readonly reason?: string;
  readonly namespace?: string;
  readonly packets?: number;
  readonly source?: string;
  readonly destination?: string;
  readonly port?: number;
  readonly protocol?: number;
}
const drop = ({ port = 80, source = CLIENT, ...more }: Flow = {}): Record<string, unknown> => ({
  reason: 'NETFILTER_DROP',
  function: 'nf_hook_slow',
  namespace: HOST,
  packets: 4,
  ethertype: 0x800,
  protocol: 6,
  source,
  destination: SERVER,
  sourcePort: 0,
  destinationPort: port,
  ...more,
});
const watch = (boot: string | undefined, flows: Record<string, unknown>[], missed = {}) =>
  result(
    [
      { watching: { kernel: '6.1', boot, own: HOST, namespaces: 0 } },
      ...flows.map((flow) => ({ flow })),
      { end: { seconds: 9, namespaces: 0, ...missed } },
    ]
      .map((line) => JSON.stringify(line))
      .join('\n'),
    { command: ['nettools-drops'] },
  );
const space = (inode: string, boot = '') => result(`net:[${inode}]\n${boot}\n`);

/** A probe that comes into n2 and not out of it. */
const LOST = {
  'to0-reach': result(`address ${SERVER}\ntry 400000\n`, {
    command: ['reach', 'tcp', SERVER, '80'],
    status: 'timeout',
    durationMs: 4000,
  }),
  'p0-seen': result(syn('eth0', 'Out')),
  'p1-seen': result(syn('veth1', 'In') + syn('eth0', 'Out')),
  'p2-seen': result(syn('eth0', 'In')),
  'p3-seen': result(''),
};
/** Two machines, whose namespaces have the same numbers. */
const SPACES = {
  'p0-space': space(POD, BOOT1),
  'p1-space': space(HOST, BOOT1),
  'p2-space': space(HOST, BOOT2),
  'p3-space': space(POD, BOOT2),
};
const judged = (d0: Flow[], d1: Flow[], more: Parameters<typeof evidence>[0] = {}): Judgement =>
  judgePath(
    evidence({
      ...LOST,
      ...SPACES,
      'd0-seen': watch(BOOT1, d0.map(drop)),
      'd1-seen': watch(BOOT2, d1.map(drop)),
      ...more,
    }),
    input('tcp'),
  );
const summary = ({ findings }: Judgement): string =>
  findings.find(({ id }) => id === 'NT-PATH-004')?.summary ?? '';

const told = ({ findings }: Judgement): string => findings.map(({ summary }) => summary).join('\n');

describe('a loss, by what the kernel says of it', () => {
  it('has the reason, the function and the place; that the rules were not read is said too', () => {
    expect(summary(judged([], [{}]))).toMatch(
      /; 4 packets were dropped on n2 in the host's network by a rule of netfilter \(NETFILTER_DROP in nf_hook_slow\); which rule that is could not be told: the rules of that network were not read\.$/,
    );
  });

  it.each([
    ['of another sender', { source: '198.51.100.2' }],
    ['to another port', { port: 81 }],
    ['of another protocol', { protocol: 17 }],
    ['for a harmless reason', { reason: 'SKB_CONSUMED' }],
  ] as const)('is not a drop %s', (_what, flow) => {
    expect(summary(judged([], [flow]))).toMatch(/lost in node\/n2 \(no answer[^)]*\)\.$/);
  });

  it('is not a drop at a place that the packet has passed', () => {
    expect(summary(judged([{}], []))).toMatch(/lost in node\/n2 \(no answer[^)]*\)\.$/);
  });

  it('tells two nodes that are one machine apart by their namespaces', () => {
    const shared = {
      'p1-space': space('4026532100', BOOT1),
      'p2-space': space('4026532200', BOOT1),
      'd1-seen': watch(BOOT1, [drop({ namespace: '4026532200' })]),
    };
    const text = summary(judged([{ namespace: '4026532200' }], [], shared));
    expect(text).toMatch(/; 4 packets were dropped on n2 in the host's network/);
  });

  it('is no rule, whatever one has counted, where the kernel gives another reason', () => {
    const nft = (packets: number) =>
      result(
        JSON.stringify({
          nftables: [
            {
              chain: {
                family: 'ip',
                table: 't',
                name: 'c',
                handle: 1,
                hook: 'forward',
                type: 'filter',
                policy: 'accept',
              },
            },
            {
              rule: {
                family: 'ip',
                table: 't',
                chain: 'c',
                handle: 2,
                expr: [{ counter: { packets, bytes: 1 } }, { drop: null }],
              },
            },
          ],
        }),
      );
    const rules = { 'p2-nft-before': nft(1), 'p2-nft-after': nft(5) };
    expect(summary(judged([], [{}], rules))).toMatch(/a rule there counted 4 packets meanwhile/);
    const route = judged([], [{ reason: 'IP_OUTNOROUTES' }], rules);
    expect(summary(route)).toMatch(
      /because there is no route for them \(IP_OUTNOROUTES in nf_hook_slow\)\.$/,
    );
  });

  it('is not known where a kernel could not be listened to, which is said', () => {
    const refused = input('tcp', {
      watchers: [
        { id: 'd0', node: 'n1' },
        { id: 'd1', node: 'n2', unwatched: 'the pod was refused: no BPF here' },
      ],
    });
    const judgement = judgePath(evidence({ ...LOST, ...SPACES, 'd0-seen': watch(BOOT1, []) }), refused);
    expect(named(judgement)).toEqual(['NT-PATH-004 critical']);
    expect(told(judgement)).toMatch(/reasons of drops on n2.*the pod was refused: no BPF here/);
  });

  it('is not known of a watch that was cut off', () => {
    const cut = result('{"watching":{"kernel":"6.1","own":"1"}}\n');
    const judgement = judged([], [], { 'd1-seen': cut });
    expect(told(judgement)).toMatch(/reasons of drops on n2.*ended before its time/);
  });

  it.each([
    ['flowsMissed', 'which flows 7 packets were of: there were more flows than'],
    ['placesMissed', '7 packets: there were more kinds of drops than'],
    ['peersLeftOut', 'flows with 7 addresses: there were more addresses than'],
  ])('is known in part where not all of it has room (%s)', (what, words) => {
    const judgement = judged([{}], [], { 'd1-seen': watch(BOOT2, [drop()], { [what]: 7 }) });
    expect(summary(judgement)).toMatch(/4 packets were dropped on n2/);
    expect(told(judgement)).toContain(`reasons of drops on n2: ${words} the watch `);
  });
});

describe('datagrams', () => {
  const udp = (...flows: Flow[]): Judgement =>
    judgePath(
      evidence({
        ...SPACES,
        space: space(POD, BOOT1),
        'd0-seen': watch(BOOT1, []),
        'd1-seen': watch(
          BOOT2,
          flows.map((flow) => drop({ protocol: 17, ...flow })),
        ),
      }),
      input('udp'),
    );

  it('are dropped where a kernel says so', () => {
    const found = udp({ namespace: POD, reason: 'IP_RPFILTER' }).findings[0];
    expect(found).toMatchObject({ id: 'NT-DROP-002', severity: 'warning', subject: 'pod/db' });
    expect(found?.summary).toMatch(
      /^4 packets to pod\/db .*were dropped on n2 in the network of pod\/db by reverse path/,
    );
  });

  it('are an info where it may be meant', () => {
    expect(udp({ reason: 'PKT_TOO_BIG' }).findings[0]).toMatchObject({ id: 'NT-DROP-011', severity: 'info' });
  });

  it.each(['NO_SOCKET', 'SKB_CONSUMED'])('are not told of where it is %s', (reason) => {
    expect(udp({ reason }).findings.filter(({ id }) => id.startsWith('NT-DROP'))).toEqual([]);
  });
});
