import { dropKind } from '../kind.ts';

export const inputQueue = dropKind({
  id: 'NT-DROP-008',
  title: "A processor's input queue is full",
  severity: 'warning',
  reasons: ['CPU_BACKLOG'],
  words: 'because the input queue of a processor is full',
  meaning:
    'More packets came to one processor than it could handle: net.core.netdev_max_backlog was reached. Interrupts of all queues on one processor do that, and a busy machine.',
  remedy:
    'Spread the load over processors (irqbalance, RPS: /sys/class/net/IFACE/queues/rx-*/rps_cpus), then raise net.core.netdev_max_backlog.',
  source: 'Documentation/networking/scaling.rst, Documentation/admin-guide/sysctl/net.rst',
});
