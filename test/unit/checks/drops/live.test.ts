import { describe, expect, it } from 'vitest';
import type { DropsInput } from '../../../../src/checks/drops/facts.ts';
import { LiveDrops } from '../../../../src/checks/drops/live.ts';
import { evidence, result } from '../results.ts';
import { OWN, watchText } from './watch.ts';

const POD = '4026532345';
const BEGIN = watchText([], null).trimEnd();
const LIST = [
  'root\t/proc/1/root',
  `own\t${OWN}`,
  `host\t${OWN}`,
  `process\t${POD}\t700\t50\t/kubepods/pod11111111-2222-3333-4444-555555555555/${'a'.repeat(64)}\tpause`,
  `link\t${POD}\t[{"ifindex":2,"ifname":"eth0","operstate":"UP","addr_info":[{"local":"198.51.100.7","prefixlen":24,"scope":"global"}]}]`,
  'done\n',
].join('\n');

const input: DropsInput = {
  durationMs: 30_000,
  scope: 'machine',
  isHost: true,
  root: '/proc/1/root',
  peers: [],
  own: [],
  names: { '198.51.100.7': 'shop/web-0', '198.51.100.8': 'svc shop/db' },
};

interface One {
  readonly reason?: string;
  readonly site?: number;
  readonly namespace?: string;
  readonly packets: number;
}

const place = ({ reason = 'NETFILTER_DROP', site = 0, namespace = POD, packets }: One) => ({
  site,
  reason,
  function: 'f',
  namespace,
  packets,
});

const flow = (one: One, port: number) => ({
  ...place(one),
  interface: 2,
  ethertype: 2048,
  protocol: 6,
  source: '198.51.100.7',
  destination: '198.51.100.8',
  sourcePort: 0,
  destinationPort: port,
});

const now = (seconds: number, places: readonly object[], flows: readonly object[] = []): string =>
  JSON.stringify({ now: { seconds, places, flows } });

function watched(...lines: readonly string[]): LiveDrops {
  const watch = new LiveDrops(input);
  for (const line of [BEGIN, ...lines]) watch.take(line);
  return watch;
}

const rows = (watch: LiveDrops): string[] => (watch.view?.table.rows ?? []).map((row) => row.join(' | '));

describe('a watch that goes on', () => {
  it('shows nothing before it has begun, and then that there is nothing', () => {
    const watch = new LiveDrops(input);
    expect(watch.view).toBeUndefined();
    expect(watch.take(BEGIN)).toBe(false);
    expect(watch.take(now(1, []))).toBe(true);
    expect(watch.view).toMatchObject({
      seconds: 1,
      ofSeconds: 30,
      summary: '0 packets that may matter, 0 harmless',
      table: { rows: [] },
    });
  });

  it('leaves the lines of the result to the result', () => {
    const watch = new LiveDrops(input);
    const text = watchText([{ reason: 'NETFILTER_DROP' }]);
    expect(
      text
        .trimEnd()
        .split('\n')
        .map((line) => watch.take(line)),
    ).toEqual([false, false, false, false]);
  });

  it('tells packets, their rate, reason, place and flow, with names as soon as they are known', () => {
    const one = { packets: 4 };
    const watch = watched(now(1, [place(one)], [flow(one, 5432)]));
    expect(rows(watch)).toEqual([`4 | 4/s | NETFILTER_DROP | ${POD} | TCP web-0 → svc db:5432`]);
    expect(watch.lacksNames).toBe(true);
    watch.learn(evidence({ namespaces: result(LIST) }));
    expect(watch.lacksNames).toBe(false);
    expect(rows(watch)).toEqual(['4 | 4/s | NETFILTER_DROP | pod shop/web-0 | TCP web-0 → svc db:5432']);
  });

  it('asks once for a namespace that has gone', () => {
    const watch = watched(now(1, [place({ namespace: '4026539999', packets: 1 })]));
    watch.learn(evidence({ namespaces: result(LIST) }));
    expect(watch.lacksNames).toBe(false);
    watch.take(now(2, [place({ namespace: '4026538888', packets: 1 })]));
    expect(watch.lacksNames).toBe(true);
  });

  it('has a rate of the last second that was told of, and none for what did not change', () => {
    const watch = watched(now(1, [place({ packets: 10 })]), now(3, [place({ packets: 60 })]));
    expect(rows(watch)[0]).toContain('60 | 25/s');
    watch.take(now(4, []));
    expect(rows(watch)[0]).toContain('60 |  | ');
    watch.take(now(5, [place({ packets: 50_060 })]));
    expect(rows(watch)[0]).toContain('50060 | 50k/s');
  });

  it('has the worst first: what no sane network has, and then by packets', () => {
    const watch = watched(
      now(1, [
        place({ reason: 'NETFILTER_DROP', packets: 90 }),
        place({ reason: 'NO_SOCKET', packets: 100 }),
        place({ reason: 'IP_RPFILTER', packets: 3 }),
      ]),
    );
    expect(rows(watch).map((row) => row.split(' | ')[2])).toEqual([
      'IP_RPFILTER',
      'NO_SOCKET',
      'NETFILTER_DROP',
    ]);
  });

  it('counts what is harmless, and shows no row of it', () => {
    const watch = watched(now(1, [place({ reason: 'QUEUE_PURGE', packets: 7 }), place({ packets: 2 })]));
    expect(watch.view?.summary).toBe('2 packets that may matter, 7 harmless');
    expect(rows(watch)).toHaveLength(1);
  });

  it('keeps the three greatest flows of a place apart, and the rest together', () => {
    const flows = [1, 2, 3, 4, 5].map((n) => flow({ packets: n * 10 }, n));
    const watch = watched(now(1, [place({ packets: 150 })], flows));
    expect(rows(watch).map((row) => row.replace(/ \|.*\| /, ' '))).toEqual([
      '50 TCP web-0 → svc db:5',
      '40 TCP web-0 → svc db:4',
      '30 TCP web-0 → svc db:3',
      '30 other flows',
    ]);
  });

  it('tells two places of one function apart, which have counts of their own', () => {
    const watch = watched(now(1, [place({ packets: 4 }), place({ site: 1, packets: 6 })]));
    expect(watch.view?.summary).toBe('10 packets that may matter, 0 harmless');
  });

  it.each(['{"now":', '{"now":7}', '{"now":{"places":[7,null,{}],"flows":{}}}', '{"now":{"seconds":"x"}}'])(
    'is not led astray by %s',
    (line) => {
      const watch = watched(now(1, [place({ packets: 4 })]), line);
      expect(rows(watch)).toHaveLength(1);
    },
  );

  it('has bounds, whatever comes', () => {
    const many = (from: number) =>
      Array.from({ length: 400 }, (_, i) => place({ namespace: String(from + i), packets: 1 }));
    const watch = watched(now(1, many(0)), now(2, many(400)), now(3, many(800)), now(4, many(1200)));
    expect(watch.view?.summary).toBe('1000 packets that may matter, 0 harmless');
    expect(rows(watch)).toHaveLength(200);
  });
});
