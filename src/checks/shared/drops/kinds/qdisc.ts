import { dropKind } from '../kind.ts';

export const qdisc = dropKind({
  id: 'NT-DROP-007',
  title: 'A queueing discipline drops packets',
  severity: 'info',
  reasons: [
    ...[
      'QDISC_DROP',
      'QDISC_OVERLIMIT',
      'QDISC_CONGESTED',
      'QDISC_BURST_DROP',
      'CAKE_FLOOD',
      'DUALPI2_STEP_DROP',
    ],
    ...['FQ_BAND_LIMIT', 'FQ_HORIZON_LIMIT', 'FQ_FLOW_LIMIT'],
  ],
  words: 'by the queueing discipline of an interface',
  meaning:
    'The queue of the interface that the packet was to leave by was full, or the interface has no carrier, or its qdisc drops to signal congestion, which TCP expects; a rate limit (bandwidth annotations, tbf) or netem does it too.',
  remedy:
    'tc -s qdisc in that namespace shows which queue and how often; mend the rate limit that is too tight, or the load.',
  source: 'tc(8)',
});
