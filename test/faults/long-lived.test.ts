/** Connections that a program keeps, in namespaces of this machine: dead ones, and those that rest. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Report } from '../../src/model/report.ts';
import { until } from '../cluster/proc.ts';
import { FAR, Lab } from '../e2e/support/lab.ts';
import { checkReport, expectFirst, expectInfo, expectSilence } from './named.ts';
import { withTraffic } from './traffic.ts';

const PORT = 7100;

let lab: Lab;

beforeAll(async () => {
  lab = await Lab.make();
});
afterAll(() => lab?.remove());

const netns = (name: string): string => `/run/netns/${name}`;

/** Takes connections and reads what comes. */
const SERVER = `my $l = IO::Socket::INET->new(LocalPort => ${PORT}, Listen => 9, ReuseAddr => 1) or die;
my @kept; while (my $c = $l->accept) { push @kept, $c; if (fork == 0) { 1 while sysread($c, my $b, 999); exit } }`;

/** Keeps a connection: sends twice a second, or nothing at all; with keepalives of 10 s or without. */
function client(sends: boolean, keepalive: boolean): string {
  const alive = 'setsockopt($s, 1, 9, 1); setsockopt($s, 6, 4, 10); setsockopt($s, 6, 5, 10);';
  return `my $s = IO::Socket::INET->new(PeerAddr => "${FAR}", PeerPort => ${PORT}) or die; ${keepalive ? alive : ''}
while (1) { ${sends ? 'syswrite($s, "metric 1\\n"); select(undef, undef, undef, 0.5)' : 'sleep 600'} }`;
}

const perl = (program: string): readonly string[] => ['perl', '-MIO::Socket::INET', '-e', program];
const sockets = (): Promise<Report> => checkReport('sockets', [`netns:${lab.name}`]);
const diagnosis = (): Promise<Report> =>
  checkReport('diagnose', [`netns:${lab.name}`, '--to', `${FAR}:${PORT}`]);

async function withClient<T>(program: string, work: () => Promise<T>): Promise<T> {
  return withTraffic(netns(lab.router), perl(SERVER), async () => {
    await until(
      'the server',
      30,
      async () =>
        (await lab.inRouter('ss', '-Hlnt', `sport = :${PORT}`)).includes(`:${PORT}`) || 'nobody listens',
    );
    return withTraffic(netns(lab.name), perl(program), async () => {
      await until('the connection', 30, async () => (await established()) !== '' || 'none yet');
      return work();
    });
  });
}

const established = (): Promise<string> =>
  lab.inside('ss', '-tinoH', 'state', 'established', `dport = :${PORT}`);

describe('NT-SOCK-009', () => {
  test('whoever a program is connected to is gone without a reset', async () => {
    await withClient(client(true, false), async () => {
      expectSilence(await sockets());
      await lab.inRouter('ip', 'addr', 'del', `${FAR}/32`, 'dev', 'lo');
      try {
        await lab.inRouter('ip', 'route', 'add', 'blackhole', `${FAR}/32`);
        await until('five tries', 60, async () => /backoff:[5-9]/.test(await established()) || 'fewer');
        expectFirst(await sockets(), {
          id: 'NT-SOCK-009',
          severity: 'warning',
          says: /^A connection of the target to 203\.0\.113\.1:7100 has had no answer for [\d.]+ s: what its program sent was sent again \d+ times, and nobody acknowledges it\.$/,
        });
      } finally {
        await lab.inRouter('ip', 'route', 'del', 'blackhole', `${FAR}/32`);
        await lab.inRouter('ip', 'addr', 'add', `${FAR}/32`, 'dev', 'lo');
      }
    });
  });
});

describe('NT-SOCK-010', () => {
  const rests = async (): Promise<unknown> =>
    until(
      'a rest of 30 s',
      90,
      async () => /lastsnd:(3[1-9]|[4-9]\d)\d{3}\b/.test(await established()) || 'not yet',
    );

  test('a connection that rests without a keepalive', async () => {
    await withClient(client(false, false), async () => {
      await rests();
      expectInfo(
        await diagnosis(),
        'NT-SOCK-010',
        /^A connection of the target to 203\.0\.113\.1:7100 has carried nothing for 3\d\.\d\d s, and no keepalive keeps it: /,
      );
    });
  });

  test('no fault: one with keepalives', async () => {
    await withClient(client(false, true), async () => {
      await rests();
      const { checks } = await diagnosis();
      expect(checks.flatMap(({ findings }) => findings.map(({ id }) => id))).not.toContain('NT-SOCK-010');
    });
  });
});
