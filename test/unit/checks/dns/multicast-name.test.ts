/** NT-DNS-005 of a name that a host finds by multicast, and a container cannot. */
import { expect, it } from 'vitest';
import { CONTROL, judgedRun } from './made-run.ts';

const summaryOf = (name: string): string | undefined =>
  judgedRun([{ address: '198.19.0.10', udp: (asked) => (asked === CONTROL ? '198.19.0.1' : 'NXDOMAIN') }], {
    names: [name],
  }).findings.find(({ id }) => id === 'NT-DNS-005')?.summary;

it('says how a name in .local is found', () => {
  expect(summaryOf('printer.local')).toMatch(/costs 2 queries: names in \.local are resolved by multicast/);
});

it.each(['printer.example', 'web.shop.svc.cluster.local', 'cluster.local'])(
  'says nothing so of %s',
  (name) => {
    expect(summaryOf(name)).toMatch(/does not exist.* queries\.$/);
  },
);
