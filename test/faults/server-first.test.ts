/** Servers that speak before their clients do, in namespaces of this machine: behind a proxy that waits, and slow ones. */
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { attempt, until } from '../cluster/proc.ts';
import { FAR, Lab } from '../e2e/support/lab.ts';
import { checkReport, expectFirst, expectInfo, expectSilence } from './named.ts';
import { withTraffic } from './traffic.ts';

let lab: Lab;

beforeAll(async () => {
  lab = await Lab.make();
});
afterAll(() => lab?.remove());

const PROXY = join(import.meta.dirname, 'waiting-proxy.pl');
const PROXY_PORT = 4140;
const UID = 2102;

const listening = (netns: string, port: number) =>
  until('the listener', 30, async () => {
    const { stdout } = await attempt(['ip', 'netns', 'exec', netns, 'ss', '-Hlnt', `sport = :${port}`]);
    return stdout.includes(`:${port}`) || 'nobody listens';
  });

/** A server behind the router that says its first words after a while; none where they are empty. */
async function withServer<T>(
  port: number,
  seconds: number,
  words: string,
  work: () => Promise<T>,
): Promise<T> {
  const program = `my $l = IO::Socket::INET->new(LocalPort => ${port}, Listen => 50, ReuseAddr => 1) or die; $SIG{CHLD} = "IGNORE";
while (my $c = $l->accept) { next if fork; select(undef, undef, undef, ${seconds}); print $c "${words}"; $c->flush; sleep 20; exit }`;
  return withTraffic(`/run/netns/${lab.router}`, ['perl', '-MIO::Socket::INET', '-e', program], async () => {
    await listening(lab.router, port);
    return work();
  });
}

/** The target's own proxy, which waits so long for the client, and rules that lead everything to it. */
async function withProxy<T>(
  seconds: number,
  { make, undo }: { readonly make: readonly string[]; readonly undo: readonly string[] },
  work: () => Promise<T>,
): Promise<T> {
  const argv = ['perl', PROXY, String(PROXY_PORT), String(seconds), String(UID)];
  return withTraffic(`/run/netns/${lab.name}`, argv, async () => {
    await listening(lab.name, PROXY_PORT);
    try {
      for (const line of make) await lab.inside(...line.split(' '));
      return await work();
    } finally {
      for (const line of undo) await lab.inside(...line.split(' '));
    }
  });
}

/** As proxy-init of Linkerd writes them. */
const LINKERD = {
  make: [
    'iptables -t nat -N PROXY_INIT_OUTPUT',
    `iptables -t nat -A PROXY_INIT_OUTPUT -m owner --uid-owner ${UID} -j RETURN`,
    'iptables -t nat -A PROXY_INIT_OUTPUT -o lo -j RETURN',
    `iptables -t nat -A PROXY_INIT_OUTPUT -p tcp -j REDIRECT --to-ports ${PROXY_PORT}`,
    'iptables -t nat -A OUTPUT -j PROXY_INIT_OUTPUT',
  ],
  undo: [
    'iptables -t nat -F OUTPUT',
    'iptables -t nat -F PROXY_INIT_OUTPUT',
    'iptables -t nat -X PROXY_INIT_OUTPUT',
  ],
};

/** As one writes them by hand. */
const BY_NFT = {
  make: [
    'nft add table ip mesh',
    'nft add chain ip mesh out { type nat hook output priority -100 ; }',
    `nft add rule ip mesh out meta skuid ${UID} counter return`,
    `nft add rule ip mesh out tcp dport 3306 counter redirect to :${PROXY_PORT}`,
  ],
  undo: ['nft delete table ip mesh'],
};

const firewall = (port: number) => checkReport('firewall', [`netns:${lab.name}`, '--to', `${FAR}:${port}`]);

describe('NT-PROXY-004', () => {
  test.each([
    ['rules of iptables', LINKERD],
    ['rules of nft', BY_NFT],
  ])('a proxy waits ten seconds for the client of a database: %s', async (_rules, rules) => {
    await withServer(3306, 0, '5.7.1 mysql', async () => {
      await withProxy(10, rules, async () => {
        expectFirst(await firewall(3306), {
          id: 'NT-PROXY-004',
          severity: 'warning',
          says: /^A connection to TCP 203\.0\.113\.1:3306, which a rule of the target leads to its own port 4140, had the first bytes of the server after 10\.\d\d s, and past the proxy, as user 2102, they came after [\d.]+ ms: in MySQL the server speaks first, and the proxy waits for the client\.$/,
        });
      });
      // One that knows the port as opaque.
      await withProxy(0, rules, async () => {
        const report = await firewall(3306);
        expectSilence(report);
        expectInfo(report, 'NT-PROXY-001', /what answers is the proxy there/);
      });
    });
  });

  test('a proxy that waits for ever', async () => {
    await withServer(25, 0, '220 mail', () =>
      withProxy(60, LINKERD, async () => {
        expectFirst(await firewall(25), {
          id: 'NT-PROXY-004',
          severity: 'warning',
          says: /had no byte of the server in 11\.\d\d s, and past the proxy, as user 2102, they came after [\d.]+ ms: in SMTP the server speaks first/,
        });
      }),
    );
  });
});

describe('NT-LAT-007', () => {
  test('a server that looks the client up for five seconds', async () => {
    await withServer(2222, 5, 'SSH-2.0-x', async () => expectSilence(await firewall(2222)));
    await withServer(22, 5, 'SSH-2.0-x', async () => {
      expectFirst(await firewall(22), {
        id: 'NT-LAT-007',
        severity: 'warning',
        says: /^TCP 203\.0\.113\.1:22 takes a connection in [\d.]+ ms, and the server took 5\.\d\d s for its first bytes, though in SSH it speaks first: mostly it looks up the name of the client's address first\.$/,
      });
    });
  });

  test('a server that is slow behind a proxy too, and one that never says a word', async () => {
    await withServer(3306, 4, '5.7.1 mysql', () =>
      withProxy(0, LINKERD, async () => {
        expectFirst(await firewall(3306), {
          id: 'NT-LAT-007',
          severity: 'warning',
          says: /the server took 4\.\d\d s for its first bytes, though in MySQL it speaks first: past the proxy of the target it is as late\.$/,
        });
      }),
    );
    await withServer(21, 0, '', async () => {
      expectFirst(await firewall(21), {
        id: 'NT-LAT-007',
        severity: 'warning',
        says: /the server did not say a word in 11\.\d\d s, though in FTP it speaks first: it hangs, /,
      });
    });
  });

  test('no fault: a server that greets at once', async () => {
    await withServer(3306, 0, '5.7.1 mysql', async () => {
      const report = await firewall(3306);
      expectSilence(report);
      expect(report.checks.map(({ status }) => status)).toEqual(['pass']);
    });
  });
});
