/** Faults of servers and links of plain hosts, in namespaces of this machine, each named by the built binary. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, test } from 'vitest';
import type { Report } from '../../src/model/report.ts';
import { until } from '../cluster/proc.ts';
import { ADDRESS, FAR, GATEWAY, Lab } from '../e2e/support/lab.ts';
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

describe('NT-HTTP-011', () => {
  const asked = (port: number, answer: string): Promise<Report> => {
    return withServer(lab.router, port, httpServer(port, answer), () =>
      checkReport('latency', [target(), '--to', `http://${NAME}:${port}/`]),
    );
  };
  const status = (line: string): string => `HTTP/1.1 ${line}\\r\\nContent-Length: 0\\r\\n\\r\\n`;

  test('a server that has no such name for this connection', async () => {
    expectFirst(await asked(7211, status('421 Misdirected Request')), {
      id: 'NT-HTTP-011',
      severity: 'warning',
      says: /^http:\/\/shop\.example\.test:7211\/ answers with HTTP 421, misdirected request: the server has no such name for this connection, /,
    });
  });

  test('a network that wants a login first', async () => {
    expectFirst(await asked(7212, status('511 Network Authentication Required')), {
      id: 'NT-HTTP-011',
      severity: 'warning',
      says: /answers with HTTP 511, network authentication required: the network on the way \(a captive portal\) answers/,
    });
  });

  test('no fault: an answer that is one', async () => {
    for (const [port, line] of [
      [7213, '404 Not Found'],
      [7214, '401 Unauthorized'],
    ] as const)
      expectSilence(await asked(port, status(line)));
  });
});

describe('TLS', () => {
  /** A server with a certificate of its own for the name, and more flags. */
  const START = `cd "$(mktemp -d)"; trap 'rm -rf "$PWD"' EXIT; port=$1; shift
openssl req -x509 -newkey rsa:2048 -nodes -keyout key -out cert -days 90 -subj /CN=${NAME} -addext subjectAltName=DNS:${NAME} 2>/dev/null
[ -z "$SPOILS" ] || { python3 "$SPOILS" "$port" 7299 & port=7299; }
openssl s_server -accept "$port" -cert cert -key key -quiet "$@" </dev/null`;
  const presented = (port: number, ...flags: readonly string[]): Promise<Report> =>
    withServer(lab.router, port, ['bash', '-c', START, 'start', String(port), ...flags], () =>
      checkReport('tls', [target(), '--to', `https://${NAME}:${port}/`]),
    );

  test('NT-TLS-006: a server that has nothing above TLS 1.1', async () => {
    expectFirst(await presented(7215, '-tls1_1', '-cipher', 'ALL:@SECLEVEL=0'), {
      id: 'NT-TLS-006',
      severity: 'critical',
      says: /^https:\/\/shop\.example\.test:7215\/ \(shop\.example\.test:7215\) has no version of TLS above TLSv1\.1: /,
    });
  });

  test("NT-TLS-007: a key that is not the certificate's", async () => {
    const proxy = join(import.meta.dirname, 'spoiling-proxy.py');
    const words = ['env', `SPOILS=${proxy}`, 'bash', '-c', START, 'start', '7216', '-tls1_2'];
    await withServer(lab.router, 7216, words, async () => {
      await until('the server behind it', 60, async () => {
        const listed = await lab.inRouter('ss', '-Hlnt', 'sport = :7299');
        return listed.includes(':7299') || 'nobody listens';
      });
      expectFirst(await checkReport('tls', [target(), '--to', `https://${NAME}:7216/`]), {
        id: 'NT-TLS-007',
        severity: 'critical',
        says: /^https:\/\/shop\.example\.test:7216\/ \(shop\.example\.test:7216\) presents a certificate, and the handshake fails after it: openssl says "[\w ]+"\.$/,
      });
    });
  });

  test('no fault: TLS 1.2, and 1.3', async () => {
    expectSilence(await presented(7217, '-tls1_2'));
    expectSilence(await presented(7218, '-tls1_3'));
  });
});

describe('NT-SOCK-011', () => {
  /** Takes connections until it has as many files open as it may, and keeps them; `0`: none at all. */
  const program = (port: number, files: number): string => `import resource, socket, time
resource.setrlimit(resource.RLIMIT_NOFILE, (${files}, ${files}))
server = socket.create_server(('0.0.0.0', ${port}), backlog=64)
server.settimeout(1)
held = []
while True:
    try:
        held.append(server.accept()[0])
    except OSError:
        time.sleep(0.2)`;
  const clients = (port: number): string => `import socket, time
held = [socket.create_connection(('${ADDRESS}', ${port})) for _ in range(20)]
time.sleep(300)`;
  const seen = (port: number, files: number): Promise<Report> =>
    withServer(lab.name, port, ['python3', '-c', program(port, files)], () =>
      withTraffic(`/run/netns/${lab.router}`, ['python3', '-c', clients(port)], async () => {
        await until('the clients', 30, async () => {
          const all = await lab.inside('ss', '-Htn', 'state', 'established', `sport = :${port}`);
          return all.split('\n').length > 19 || all;
        });
        return checkReport('sockets', [target()]);
      }),
    );

  test('a program with as many files open as it may', async () => {
    expectFirst(await seen(7219, 12), {
      id: 'NT-SOCK-011',
      severity: 'warning',
      says: /^On TCP port 7219 \d+ connections wait since before the run, and python3 accepts none of them: whoever connects gets a connection, and no answer\.$/,
    });
  });

  test('no fault: one that takes them, and keeps them', async () => {
    expectSilence(await seen(7220, 200));
  });
});

describe('NT-DNS-004', () => {
  test('a name whose validation fails', async () => {
    const names = join(import.meta.dirname, 'validating-server.py');
    const file = `/etc/netns/${lab.name}/resolv.conf`;
    // Where systemd-resolved listens.
    writeFileSync(file, 'nameserver 127.0.0.53\n');
    try {
      const asked = async (): Promise<void> => {
        expectSilence(await checkReport('dns', [target(), 'signed.test']));
        expectFirst(await checkReport('dns', [target(), 'bogus.test']), {
          id: 'NT-DNS-004',
          severity: 'critical',
          says: /for bogus\.test\.: asked not to check signatures \(\+cdflag\) it answers bogus\.test\. with 203\.0\.113\.1, so it is the validation of DNSSEC that fails\.$/,
        });
      };
      await withServer(lab.name, 53, ['python3', names, '127.0.0.53', FAR], asked);
    } finally {
      writeFileSync(file, `nameserver ${GATEWAY}\n`);
    }
  });
});

describe('NT-RT-001', () => {
  test('a link on which no DHCP server has answered', async () => {
    await lab.inside('ip', 'addr', 'del', `${ADDRESS}/28`, 'dev', 'eth0');
    await lab.inside('ip', 'addr', 'add', '169.254.252.51/16', 'dev', 'eth0', 'scope', 'link');
    try {
      expectFirst(await checkReport('routing', [target(), '--to', `${FAR}:53`]), {
        id: 'NT-RT-001',
        severity: 'critical',
        says: /"Network is unreachable"; eth0 has no address but 169\.254\.252\.51, which a machine gives itself where no DHCP server answers it: /,
      });
    } finally {
      await lab.inside('ip', 'addr', 'flush', 'dev', 'eth0');
      await lab.inside('ip', 'addr', 'add', `${ADDRESS}/28`, 'dev', 'eth0');
      await lab.inside('ip', 'route', 'add', 'default', 'via', GATEWAY);
    }
    expectSilence(await checkReport('routing', [target(), '--to', `${FAR}:53`]));
  });
});
