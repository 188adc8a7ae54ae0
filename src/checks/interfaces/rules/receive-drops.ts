import { advice, kubectl, nettools, TARGET } from '../../../model/advice.ts';
import type { Occurrence } from '../../../model/finding.ts';
import type { Quote } from '../../../model/report.ts';
import { BURST_LIMIT, isMoreThanBurst } from '../../shared/burst.ts';
import { quote } from '../../shared/quote.ts';
import { occurrence, type Rule } from '../../shared/rule.ts';
import type { InterfacesFacts } from '../facts.ts';

/** Of so many tasks each gets less than a tenth of a CPU. */
const BUSY = 10;

const meta = {
  id: 'NT-IF-004',
  title: 'Received packets are dropped before anything looks at them',
  severities: ['warning', 'info'],
  meaning:
    'Packets came faster than the node took them in. Either the network card found no free buffer (missed), or the queue between the card, or a veth, and the network stack was full (the backlog of a CPU). They are lost without a trace in any firewall, and cost connections retransmissions: for every pod of the node, since the queues are shared.',
  rule: `In a node's own network namespace, during the run: rx missed of an interface with the node's address or its default route grew, or the second column of /proc/net/softnet_stat, summed over all CPUs, by ${BURST_LIMIT}: the interface's received packets, or the first column. Fewer are one burst: info. So is what was lost while ${BUSY} tasks and more ran or waited for each CPU (the load of the last minute; ours): a CPU that everybody waits for empties its queue late, and a larger one helps nobody.`,
  source:
    'Linux: Documentation/networking/statistics.rst (rx_missed_errors), net/core/net-procfs.c (softnet_stat), Documentation/admin-guide/sysctl/net.rst (netdev_max_backlog)',
  remedy: advice`See which CPU takes the packets (${nettools`run ${TARGET} -- cat /proc/interrupts /proc/net/softnet_stat`}, twice): one that is busy with softirq alone is the usual cause; spread its work (irqbalance, receive queues by ethtool -L, RPS). For missed, larger rings (ethtool -G IFACE rx N); for the backlog, sysctl -w net.core.netdev_max_backlog=5000. A node whose CPUs are used up by pods, or throttled by its host, looks the same.`,
} as const;

const BUSY_ADVICE = advice`See what takes the node's CPUs (${kubectl`top node`}, ${kubectl`top pod -A`}, or top there), and measure again.`;

/** Packets that one of the two places lost. */
interface Drops {
  readonly text: string;
  readonly isPattern: boolean;
  readonly quote: Quote;
}

function missed({ needed, counted, results, traffic }: InterfacesFacts): Drops[] {
  return needed.flatMap(({ name }) => {
    const count = (list: InterfacesFacts['counted']['before']) =>
      list.find((l) => l.name === name)?.received.missed;
    const [was, now] = [count(counted.before), count(counted.after)];
    if (was === undefined || now === undefined || now <= was || results.after === undefined) return [];
    return [
      {
        text: `${name} had no buffer for ${now - was} packets`,
        isPattern: isMoreThanBurst(now - was, traffic.find((t) => t.name === name)?.received.packets ?? 0),
        quote: {
          command: results.after.command,
          excerpt: `${name} rx missed_errors ${was} before, ${now} after`,
        },
      },
    ];
  });
}

function backlog({ softnet: { before, after }, results }: InterfacesFacts): Drops[] {
  if (!before || !after || !results.softnet || after.dropped <= before.dropped) return [];
  const dropped = after.dropped - before.dropped;
  return [
    {
      text: `a CPU's backlog queue was full for ${dropped} packets`,
      isPattern: isMoreThanBurst(dropped, after.processed - before.processed),
      quote: {
        command: results.softnet.command,
        excerpt: `dropped (2nd column, all CPUs) ${before.dropped} before, ${after.dropped} after; processed +${after.processed - before.processed}`,
      },
    },
  ];
}

export const receiveDrops: Rule<InterfacesFacts> = {
  meta,
  judge: (facts): Occurrence[] => {
    if (!facts.isHost) return [];
    const drops = [...missed(facts), ...backlog(facts)];
    if (drops.length === 0) return [];
    const what = drops.map(({ text }) => text).join('; ');
    const isPattern = drops.some((one) => one.isPattern);
    const { tasksPerCpu = 0, results } = facts;
    const isBusy = isPattern && tasksPerCpu >= BUSY;
    const why = isBusy
      ? `; ${Math.floor(tasksPerCpu)} tasks ran or waited for each of its CPUs, so it took what came too late: whether its queues are too small was not measured`
      : isPattern
        ? ''
        : '; it may be one burst, measure again';
    return [
      occurrence(
        meta,
        isPattern && !isBusy ? 'warning' : 'info',
        `The node dropped what it received, before anything looked at it: ${what}${why}.`,
        [...drops.map((one) => one.quote), ...(isBusy ? quote(results.load, /./, 1) : [])],
        isBusy ? { remediation: BUSY_ADVICE } : {},
      ),
    ];
  },
};
