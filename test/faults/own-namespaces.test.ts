/** Faults in namespaces of this machine that need no cluster, each named by the built binary: servers of names and of HTTP. */
import { writeFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, test } from 'vitest';
import type { Report } from '../../src/model/report.ts';
import { attempt, run, until } from '../cluster/proc.ts';
import { ADDRESS, GATEWAY, Lab } from '../e2e/support/lab.ts';
import { checkReport, expectFirst, expectSilence } from './named.ts';
import { httpServer, withServer } from './servers.ts';
import { withTraffic } from './traffic.ts';

let lab: Lab;

beforeAll(async () => {
  lab = await Lab.make();
});
afterAll(() => lab?.remove());

const target = (): string => `netns:${lab.name}`;
const NAME = 'shop.example.test';

describe('NT-DNS-009', () => {
  test('a second server that no packet can be sent to', async () => {
    const file = `/etc/netns/${lab.name}/resolv.conf`;
    const asked = (): Promise<Report> => checkReport('dns', [target()]);
    expectSilence(await asked());
    writeFileSync(file, `nameserver ${GATEWAY}\nnameserver 0.0.0.1\n`);
    try {
      expectFirst(await asked(), {
        id: 'NT-DNS-009',
        severity: 'warning',
        says: /^1 of 2 name servers in resolv\.conf fails: 0\.0\.0\.1 answers none of \d+ queries over UDP within 6 s; 192\.0\.2\.129 answers\.$/,
      });
    } finally {
      writeFileSync(file, `nameserver ${GATEWAY}\n`);
    }
  });
});

/** Answers each request of HTTP with these lines. */
function withHttp<T>(port: number, answer: string, work: () => Promise<T>): Promise<T> {
  return withServer(lab.router, port, httpServer(port, answer), work);
}

const requested = (url: string): Promise<Report> => checkReport('latency', [target(), '--to', url]);
const redirect = (to: string): string =>
  `HTTP/1.1 308 Permanent Redirect\\r\\nLocation: ${to}\\r\\nContent-Length: 0\\r\\n\\r\\n`;

describe('NT-HTTP-009', () => {
  test('an answer that leads to itself', async () => {
    const url = `http://${NAME}:7201/shop`;
    await withHttp(7201, redirect('/shop'), async () => {
      expectFirst(await requested(url), {
        id: 'NT-HTTP-009',
        severity: 'warning',
        says: /^http:\/\/shop\.example\.test:7201\/shop answers with HTTP 308 and leads to itself: /,
      });
    });
  });

  test('no fault: one that leads to https', async () => {
    await withHttp(7202, redirect(`https://${NAME}/shop`), () =>
      // Whoever takes connections there is enough.
      withHttp(443, '', async () => {
        expectSilence(await requested(`http://${NAME}:7202/shop`));
      }),
    );
  });
});

describe('NT-PROXY-005', () => {
  test('a redirect that lost the port that is published', async () => {
    const url = `http://${NAME}:7207/shop`;
    await withHttp(7207, redirect(`http://${NAME}/shop/`), async () => {
      const asked = (): Promise<Report> => requested(url);
      expectFirst(await asked(), {
        id: 'NT-PROXY-005',
        severity: 'warning',
        says: /^http:\/\/shop\.example\.test:7207\/shop answers with HTTP 308 and leads to http:\/\/shop\.example\.test\/shop\/: 203\.0\.113\.1:80 refuses connections, /,
      });
      await withHttp(80, '', async () => expectSilence(await asked()));
    });
  });
});

describe('NT-LAT-008, NT-SOCK-001', () => {
  /** What the router does to a SYN that asks for ECN. */
  const filter = (verdict: string): string => `table ip ntlabecn {
  chain in {
    type filter hook input priority 0;
    tcp flags & (syn|ack|ecn|cwr) == syn|ecn|cwr counter ${verdict}
  }
}`;
  const asking = async (verdict: string, port: number, work: () => Promise<void>): Promise<void> => {
    await lab.inside('sysctl', '-qw', 'net.ipv4.tcp_ecn=1');
    try {
      await withHttp(port, 'HTTP/1.1 204 No Content\\r\\n\\r\\n', async () => {
        // As it is where nothing on the way minds ECN.
        expectSilence(await requested(`http://${NAME}:${port}/`));
        await lab.inRouter('nft', filter(verdict));
        try {
          await work();
        } finally {
          await lab.inRouter('nft', 'delete table ip ntlabecn');
        }
      });
    } finally {
      await lab.inside('sysctl', '-qw', 'net.ipv4.tcp_ecn=2');
    }
  };

  test('a firewall drops each SYN that asks for ECN', async () => {
    await asking('drop', 7208, async () => {
      expectFirst(await requested(`http://${NAME}:7208/`), {
        id: 'NT-LAT-008',
        severity: 'warning',
        says: /^Each of \d+ connections to http:\/\/shop\.example\.test:7208\/ .* was made by its second SYN, after .*: the first asks for ECN \(net\.ipv4\.tcp_ecn is 1 here\), the second does not\.$/,
      });
    });
  });

  test('a small TCP stack resets each SYN that asks for ECN', async () => {
    await asking('reject with tcp reset', 7209, async () => {
      expectFirst(await checkReport('firewall', [target(), '--to', `${NAME}:7209`]), {
        id: 'NT-SOCK-001',
        severity: 'critical',
        says: /; or it does so because the target asks for ECN /,
      });
    });
  });
});

describe('NT-HTTP-009, of a query', () => {
  test('no fault: one that leads to other values of it', async () => {
    await withHttp(7208, redirect('/shop?step=2'), async () => {
      expectSilence(await requested(`http://${NAME}:7208/shop?step=1`));
    });
  });
});

describe('NT-HTTP-010', () => {
  test('a server that refuses a host name with an underscore', async () => {
    const bad = 'HTTP/1.1 400 Bad Request\\r\\nContent-Length: 0\\r\\n\\r\\n';
    await withHttp(7203, bad, async () => {
      expectFirst(await requested('http://shop_web.example.test:7203/'), {
        id: 'NT-HTTP-010',
        severity: 'warning',
        says: /^http:\/\/shop_web\.example\.test:7203\/ answers with HTTP 400 \(bad request\), and the name that is asked for, shop_web\.example\.test, has an underscore: /,
      });
      expectSilence(await requested(`http://${NAME}:7203/`));
    });
  });
});

describe('NT-TLS-005', () => {
  /** A server whose certificate an authority has signed, by this algorithm. */
  const START = `cd "$(mktemp -d)"; trap 'rm -rf "$PWD"' EXIT
new() { name=$1; shift; openssl req -newkey rsa:2048 -nodes -keyout $name.key -subj "/CN=$name" "$@" 2>/dev/null; }
new ca -x509 -out ca.crt; new leaf -out leaf.csr
echo subjectAltName=DNS:${NAME} >ext
openssl x509 -req "$1" -in leaf.csr -CA ca.crt -CAkey ca.key -set_serial 7 -days 90 -extfile ext -out leaf.crt 2>/dev/null
openssl s_server -accept "$2" -cert leaf.crt -key leaf.key -cipher 'DEFAULT:@SECLEVEL=0' -quiet </dev/null`;
  const withServer = <T>(flag: string, port: number, work: () => Promise<T>): Promise<T> =>
    withTraffic(`/run/netns/${lab.router}`, ['bash', '-c', START, 'start', flag, String(port)], async () => {
      await until(
        'the server',
        60,
        async () =>
          (await lab.inRouter('ss', '-Hlnt', `sport = :${port}`)).includes(`:${port}`) || 'nobody listens',
      );
      return work();
    });
  const presented = (port: number): Promise<Report> =>
    checkReport('tls', [target(), '--to', `https://${NAME}:${port}/`]);

  test('a certificate that is signed with SHA-1', async () => {
    await withServer('-sha1', 7205, async () => {
      expectFirst(await presented(7205), {
        id: 'NT-TLS-005',
        severity: 'critical',
        says: /^https:\/\/shop\.example\.test:7205\/ \(shop\.example\.test:7205\): its certificate is signed with RSA-SHA1, which clients no longer accept\.$/,
      });
    });
  });

  test('no fault: with SHA-256', async () => {
    await withServer('-sha256', 7206, async () => {
      expectSilence(await presented(7206));
    });
  });
});

describe('NT-ARP-002', () => {
  test('a macvlan interface and its own host', async () => {
    const child = `${lab.name}-m`;
    const inside = (...argv: readonly string[]) => run(['nsenter', `--net=/run/netns/${child}`, ...argv]);
    await run(['ip', 'netns', 'add', child]);
    try {
      await lab.inRouter(...`ip link add mv0 link eth0 netns ${child} type macvlan mode bridge`.split(' '));
      await inside('ip', 'addr', 'add', '192.0.2.131/28', 'dev', 'mv0');
      await inside('ip', 'link', 'set', 'mv0', 'up');
      const asked = (to: string): Promise<Report> => checkReport('arp', [`netns:${child}`, '--to', to]);
      expectFirst(await asked(`${GATEWAY}:53`), {
        id: 'NT-ARP-002',
        severity: 'critical',
        says: /; mv0 is a macvlan interface: if the address is that of the target's own host or node, this is why, /,
      });
      // Who is on the other side of that link hears it.
      expectSilence(await asked(`${ADDRESS}:53`));
    } finally {
      await attempt(['ip', 'netns', 'delete', child]);
    }
  });
});

describe('NT-FW-005, NT-FW-002', () => {
  /** An address that moves between hosts, and the rules that keepalived has for it in its strict mode. */
  const VIRTUAL = '192.0.2.132';
  const STRICT = `table ip ntlabvrrp {
  set vips { type ipv4_addr; elements = { ${VIRTUAL} } }
  chain in { type filter hook input priority -1; ip daddr @vips drop; }
  chain out { type filter hook output priority -1; ip saddr @vips drop; }
}`;
  const asked = (of: string): Promise<Report> =>
    checkReport('firewall', [`netns:${of}`, '--to', `${VIRTUAL}:7207`]);

  test('a host that drops what is sent to its virtual address', async () => {
    await lab.inRouter('ip', 'addr', 'replace', `${VIRTUAL}/32`, 'dev', 'eth0');
    await withHttp(7207, 'HTTP/1.1 200 OK\\r\\nContent-Length: 0\\r\\n\\r\\n', async () => {
      for (const of of [lab.name, lab.router]) expectSilence(await asked(of));
      await lab.inRouter('nft', STRICT);
      try {
        expectFirst(await asked(lab.name), {
          id: 'NT-FW-005',
          severity: 'critical',
          says: /^TCP \S+:7207 is silent .*, as the network namespace \S+ of this machine, which has .*, drops what comes to it: nft table ip ntlabvrrp chain in: ip daddr @vips drop/,
        });
        expectFirst(await asked(lab.router), {
          id: 'NT-FW-002',
          severity: 'critical',
          says: /ntlabvrrp.*@vips drop/,
        });
      } finally {
        await lab.inRouter('nft', 'delete', 'table', 'ip', 'ntlabvrrp');
      }
    });
  });
});
