/** Faults of the tls check, each made for real and named by the built binary. */
import { beforeAll, describe, expect, test } from 'vitest';
import { until } from '../cluster/proc.ts';
import { app, helper, pod, testNamespace } from '../e2e/support/cluster.ts';
import { problems } from '../e2e/support/report.ts';
import { proxied } from '../e2e/support/services.ts';
import { checkReport, type Expected, expectFirst, expectInfo, expectSilence } from './named.ts';

const ns = testNamespace('f-tls');

/** A server's certificate by what openssl is told of it, and its port. */
interface Server {
  readonly port: number;
  readonly names: string;
  readonly days: readonly [notBefore: number, notAfter: number];
}

const SERVERS = {
  good: { port: 8443, names: 'DNS:shop.example.com,DNS:*.shop.example.com', days: [-1, 90] },
  expired: { port: 8444, names: 'DNS:shop.example.com', days: [-90, -12] },
  early: { port: 8445, names: 'DNS:shop.example.com', days: [2, 90] },
  soon: { port: 8446, names: 'DNS:shop.example.com', days: [-80, 5] },
} as const satisfies Record<string, Server>;

/** Accepts and says nothing. */
const SILENT_PORT = 8447;
/** A leaf of an intermediate authority, sent alone and with its issuer's; and what an alias stands for. */
const CHAINS = { leafOnly: 8448, whole: 8449 };
const ALIAS_PORT = 8450;
/** Servers that want a certificate of their clients, by either version, and one that only asks for it. */
const MUTUAL = { newest: 8451, older: 8452, optional: 8453 };
/** Servers whose RSA certificate an authority has signed, by SHA-1 and by SHA-256: openssl of the image has words of its own for these. */
const SIGNED = { sha1: 8456, sha256: 8457 };

/** What they take of what clients offer by ALPN, the last one nothing; with the certificate of the good server. */
const PROTOCOLS = { h2: 8458, 'http/1.1': 8459, none: 8460 };
const START_PROTOCOLS = `
cd /tmp
serve() { nohup openssl s_server -accept "$1" -cert 8443.crt -key 8443.key -quiet $2 $3 </dev/null >/dev/null 2>&1 & }
serve "$1" -alpn h2; serve "$2" -alpn http/1.1; serve "$3"
`;

/** As openssl's -not_before takes it. */
function opensslTime(days: number): string {
  const text = new Date(Date.now() + days * 86_400_000).toISOString();
  return `${text.replace(/[-:T]|\.\d+/g, '')}`;
}

const START = `
set -e
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout /tmp/$1.key -out /tmp/$1.crt \
  -subj /CN=test -addext "subjectAltName=$2" -not_before "$3" -not_after "$4" 2>/dev/null
nohup openssl s_server -accept "$1" -cert /tmp/$1.crt -key /tmp/$1.key -quiet </dev/null >/dev/null 2>&1 &
`;

/**
 * Fronts that look at the hello before they pass it on: one that has room for so many bytes, and ends a connection whose
 * hello is larger, as those do that read once and take a segment for all of it; and one that has room for any.
 */
const FRONTS = { small: 8454, large: 8455 };
const START_FRONTS = `
cat >/tmp/front <<'END'
header=$(dd bs=1 count=5 2>/dev/null | od -An -tx1)
set -- $header
[ $((0x$4 * 256 + 0x$5)) -le "$ROOM" ] || exit 0
{ printf "$(printf '\\\\x%s' $header)"; cat; } | socat - TCP:127.0.0.1:8443
END
ROOM=1400 nohup socat "TCP-LISTEN:$1,fork,reuseaddr" EXEC:'bash /tmp/front' </dev/null >/dev/null 2>&1 &
ROOM=16384 nohup socat "TCP-LISTEN:$2,fork,reuseaddr" EXEC:'bash /tmp/front' </dev/null >/dev/null 2>&1 &
`;

/** With the certificate of the good server. */
const START_MUTUAL = `
cd /tmp
serve() { nohup openssl s_server -accept "$1" -cert 8443.crt -key 8443.key -quiet $2 $3 $4 </dev/null >/dev/null 2>&1 & }
serve "$1" -Verify 1; serve "$2" -Verify 1 -tls1_2; serve "$3" -verify 1
`;

/** root, intermediate and leaf; the leaf says where its issuer's certificate is to be had. */
const START_CHAINS = `
set -e
cd /tmp
new() { openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout $1.key -out $1.csr -subj "/CN=$1" 2>/dev/null; }
sign() { openssl x509 -req -in $1.csr -CA $2.crt -CAkey $2.key -days 90 -extfile $1.ext -out $1.crt 2>/dev/null; }
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout root.key -out root.crt -subj /CN=root -days 90 2>/dev/null
echo basicConstraints=critical,CA:true >inter.ext
echo 'subjectAltName=DNS:shop.example.com
authorityInfoAccess=caIssuers;URI:http://ca.example/inter.crt' >leaf.ext
new inter; sign inter root; new leaf; sign leaf inter
nohup openssl s_server -accept "$1" -cert leaf.crt -key leaf.key -quiet </dev/null >/dev/null 2>&1 &
nohup openssl s_server -accept "$2" -cert leaf.crt -key leaf.key -cert_chain inter.crt -quiet </dev/null >/dev/null 2>&1 &
`;

const START_SIGNED = `
set -e
cd /tmp
openssl req -x509 -newkey rsa:2048 -nodes -keyout signer.key -out signer.crt -subj /CN=signer -days 90 2>/dev/null
echo subjectAltName=DNS:shop.example.com >signed.ext
for one in "sha1 $1" "sha256 $2"; do
  set -- $one
  openssl req -newkey rsa:2048 -nodes -keyout $1.key -out $1.csr -subj "/CN=$1" 2>/dev/null
  openssl x509 -req -$1 -in $1.csr -CA signer.crt -CAkey signer.key -days 90 -extfile signed.ext -out $1.crt 2>/dev/null
  nohup openssl s_server -accept "$2" -cert $1.crt -key $1.key -cipher DEFAULT:@SECLEVEL=0 -quiet </dev/null >/dev/null 2>&1 &
done
`;

async function serve(podName: string, { port, names, days }: Server, asPort = port): Promise<void> {
  const times = days.map(opensslTime);
  await ns.help(podName, 'bash', '-c', START, 'start', String(asPort), names, ...times);
}

beforeAll(async () => {
  const containers = [app, helper];
  await ns.start(pod('client'), ...['server', 'shop-0', 'shop-1'].map((name) => pod(name, { containers })));
  for (const server of Object.values(SERVERS)) await serve('server', server);
  await serve('shop-0', { ...SERVERS.good, names: `DNS:shop.${ns.name}.svc` });
  await serve('shop-1', { ...SERVERS.expired, names: `DNS:shop.${ns.name}.svc` }, SERVERS.good.port);
  await serve('server', { ...SERVERS.good, names: `DNS:pay.${ns.name}.svc` }, ALIAS_PORT);
  await ns.help('server', 'bash', '-c', START_CHAINS, 'start', String(CHAINS.leafOnly), String(CHAINS.whole));
  await ns.help(
    'server',
    'bash',
    '-c',
    `nohup socat TCP-LISTEN:${SILENT_PORT},fork SYSTEM:'sleep 60' </dev/null >/dev/null 2>&1 &`,
  );
  await ns.help('server', 'bash', '-c', START_MUTUAL, 'start', ...Object.values(MUTUAL).map(String));
  await ns.help('server', 'bash', '-c', START_FRONTS, 'start', ...Object.values(FRONTS).map(String));
  await ns.help('server', 'bash', '-c', START_SIGNED, 'start', ...Object.values(SIGNED).map(String));
  await ns.help('server', 'bash', '-c', START_PROTOCOLS, 'start', ...Object.values(PROTOCOLS).map(String));
  await until('the servers listen', 60, async () => {
    const listening = await ns.help('server', 'ss', '-tlnH');
    const own = [
      ...Object.values(SERVERS).map(({ port }) => port),
      ...Object.values(CHAINS),
      ...Object.values(MUTUAL),
      ...Object.values(FRONTS),
      ...Object.values(SIGNED),
      ...Object.values(PROTOCOLS),
    ];
    const ports = [...own, SILENT_PORT, ALIAS_PORT];
    return ports.every((port) => listening.includes(`:${port} `)) || listening;
  });
  for (const name of ['shop-0', 'shop-1']) {
    await until(`the server of ${name} listens`, 60, async () => {
      const listening = await ns.help(name, 'ss', '-tlnH');
      return listening.includes(`:${SERVERS.good.port} `) || listening;
    });
  }
  await ns.kubectl(['label', 'pod', 'shop-0', 'shop-1', 'part=shop']);
  await ns.kubectl(['label', 'pod', 'server', 'part=server']);
  const headless = { clusterIP: 'None', selector: { part: 'server' }, ports: [{ port: 443 }] };
  const alias = { type: 'ExternalName', externalName: `server.${ns.name}.svc.cluster.local` };
  await ns.apply(
    { apiVersion: 'v1', kind: 'Service', metadata: { name: 'server' }, spec: headless },
    { apiVersion: 'v1', kind: 'Service', metadata: { name: 'pay' }, spec: alias },
  );
  await ns.apply({
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: 'shop' },
    spec: {
      selector: { part: 'shop' },
      ports: [{ name: 'https', port: 443, targetPort: SERVERS.good.port }],
    },
  });
  await proxied(ns, 'shop', 2);
});

const tls = (...args: string[]) => checkReport('tls', ['client', '-n', ns.name, ...args]);
const to = ({ port }: Server, ...args: string[]) => tls('--to', `pod/server:${port}`, ...args);
const named = ['--sni', 'shop.example.com'];

describe('a certificate', () => {
  const CASES: readonly (readonly [string, Server, readonly string[], Expected])[] = [
    [
      'that has expired',
      SERVERS.expired,
      named,
      {
        id: 'NT-TLS-001',
        severity: 'critical',
        says: /its certificate expired 1[12] days ago \(\d{4}-\d\d-\d\dT/,
      },
    ],
    [
      'that is not valid yet',
      SERVERS.early,
      named,
      { id: 'NT-TLS-001', severity: 'critical', says: /not valid before \d{4}-.*, in (1 day|\d+ h|2 days)/ },
    ],
    [
      'for another name',
      SERVERS.good,
      ['--sni', 'pay.example.com'],
      {
        id: 'NT-TLS-001',
        severity: 'critical',
        says: /is for shop\.example\.com, \*\.shop\.example\.com and not for pay\.example\.com/,
      },
    ],
  ];
  test.each(CASES)('%s', async (_title, server, args, expected) => {
    expectFirst(await to(server, ...args), expected);
  });

  test('that expires in 5 days is worth a word', async () => {
    const report = await to(SERVERS.soon, ...named);
    expectSilence(report);
    expect(report.verdict).toBe('pass');
    expectInfo(report, 'NT-TLS-001', /expires in (4|5) days/);
    expect((await to(SERVERS.soon, ...named, '--expire-days', '3')).checks[0]?.findings).toEqual([]);
  });

  test('of one endpoint of a Service', async () => {
    const report = await tls('--to', 'svc/shop');
    expectFirst(report, {
      id: 'NT-TLS-001',
      severity: 'critical',
      says: /svc\/shop → shop-1 .*its certificate expired/,
    });
    expect(problems(report)).toHaveLength(1);
  });
});

describe('an alias (ExternalName)', () => {
  test('whose name the certificate does not have', async () => {
    expectFirst(await tls('--to', `svc/pay:${SERVERS.good.port}`), {
      id: 'NT-TLS-001',
      severity: 'critical',
      says: /is for shop\.example\.com, \*\.shop\.example\.com and not for pay\.\S+\.svc or .*, as which clients know it by the alias svc\/pay/,
    });
  });

  test('whose name it has', async () => {
    const report = await tls('--to', `svc/pay:${ALIAS_PORT}`);
    expectSilence(report);
    expect(report.verdict).toBe('pass');
  });
});

describe('NT-TLS-008: HTTP/2 by ALPN', () => {
  const REFUSES = /does not take HTTP\/2 by ALPN, .*: clients of gRPC refuse it \(grpc-go since 1\.67\)/;
  /** A Service before one of the servers. */
  const serviceTo = async (server: keyof typeof PROTOCOLS, name: string, port: object) => {
    const ports = [{ port: 443, targetPort: PROTOCOLS[server], ...port }];
    await ns.apply({
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name },
      spec: { selector: { part: 'server' }, ports },
    });
    await proxied(ns, name, 1);
    return tls('--to', `svc/${name}`, ...named);
  };

  test.each([
    ['http/1.1', 'ends a handshake that offers it'],
    ['none', 'answers an offer of it with none'],
  ] as const)('is missing where DEST begins with grpcs://: %s', async (server, how) => {
    const report = await tls('--to', `grpcs://server.${ns.name}.svc:${PROTOCOLS[server]}`, ...named);
    expectFirst(report, { id: 'NT-TLS-008', severity: 'warning', says: new RegExp(`it ${how}: .*`) });
  });

  test.each([
    ['named', { name: 'grpc-api' }, /port 443 of Service \S+\/named is called grpc-api/],
    [
      'typed',
      { name: 'api', appProtocol: 'grpcs' },
      /port 443 of Service \S+\/typed has the appProtocol grpcs/,
    ],
  ] as const)('is missing where the port of a Service is of gRPC: %s', async (name, port, says) => {
    const report = await serviceTo('none', name, port);
    const { summary } = expectFirst(report, { id: 'NT-TLS-008', severity: 'warning', says: REFUSES });
    expect(summary).toMatch(says);
  });

  test('is taken: no finding', async () => {
    for (const report of [
      await tls('--to', `grpcs://server.${ns.name}.svc:${PROTOCOLS.h2}`, ...named),
      await serviceTo('h2', 'healthy', { name: 'grpc' }),
    ]) {
      expectSilence(report);
      expect(report.checks[0]?.measurements['servers']).toEqual(
        expect.arrayContaining([expect.objectContaining({ alpn: 'h2' })]),
      );
    }
  });

  test('is not missed where nobody is known to need it', async () => {
    const report = await serviceTo('none', 'plain', { name: 'https' });
    expectSilence(report);
    expect(report.checks[0]?.measurements).toMatchObject({ servers: [{ alpn: 'none' }, { alpn: 'none' }] });
  });
});

describe('a chain', () => {
  test('of which only the leaf is sent', async () => {
    expectFirst(await tls('--to', `pod/server:${CHAINS.leafOnly}`, ...named), {
      id: 'NT-TLS-003',
      severity: 'critical',
      says: /sends one certificate, signed by CN=inter, and not that of its issuer/,
    });
  });

  test('that is sent as a whole', async () => {
    const report = await tls('--to', `pod/server:${CHAINS.whole}`, ...named);
    expectSilence(report);
    expectInfo(
      report,
      'NT-TLS-003',
      /sends a chain that ends at CN=\w+, which is not among the image's authorities/,
    );
  });
});

describe('NT-TLS-005: as the openssl of the image tells it', () => {
  test('a certificate that is signed with SHA-1', async () => {
    expectFirst(await tls('--to', `pod/server:${SIGNED.sha1}`, ...named), {
      id: 'NT-TLS-005',
      severity: 'critical',
      says: /its certificate is signed with sha1WithRSAEncryption, which clients no longer accept\.$/,
    });
  });

  test('no fault: with SHA-256', async () => {
    expectSilence(await tls('--to', `pod/server:${SIGNED.sha256}`, ...named));
  });
});

describe('NT-TLS-004: a certificate that the client has not', () => {
  const WANTS =
    /wants a certificate of its clients, and ends the connection of one that has none, openssl says "/;

  test.each(['newest', 'older'] as const)('is wanted: %s version', async (version) => {
    const report = await tls('--to', `pod/server:${MUTUAL[version]}`, ...named);
    expectSilence(report);
    expectInfo(report, 'NT-TLS-004', WANTS);
  });

  test('is asked for, and those without are let in', async () => {
    const report = await tls('--to', `pod/server:${MUTUAL.optional}`, ...named);
    expectSilence(report);
    expect(JSON.stringify(report)).not.toContain('NT-TLS-004');
  });

  test('is what the API server asks for, and lets those in that have none', async () => {
    const report = await tls('--to', 'kubernetes.default.svc:443');
    expect(JSON.stringify(report)).not.toContain('NT-TLS-004');
  });
});

describe('no handshake', () => {
  test('with a server that speaks plain HTTP', async () => {
    expectFirst(await tls('--to', 'pod/server:8080'), {
      id: 'NT-TLS-002',
      severity: 'critical',
      says: /takes the connection, but it does not speak TLS on this port/,
    });
  });

  test('with a server that says nothing', async () => {
    expectFirst(await tls('--to', `pod/server:${SILENT_PORT}`), {
      id: 'NT-TLS-002',
      severity: 'critical',
      says: /it does not answer at all/,
    });
  });
});

describe('what is no fault', () => {
  test.each([
    ['its name', ['--to', `pod/server:${SERVERS.good.port}`, ...named]],
    [
      'a name that the wildcard covers',
      ['--to', `pod/server:${SERVERS.good.port}`, '--sni', 'a.shop.example.com'],
    ],
    ['the API server', ['--to', 'https://kubernetes.default.svc/']],
  ])('%s', async (_title, args) => {
    const report = await tls(...args);
    expectSilence(report);
    expect(report.verdict).toBe('pass');
  });

  test('a port that nobody listens on is not measured', async () => {
    const report = await tls('--to', 'pod/server:9');
    expectSilence(report);
    expect(report.checks[0]).toMatchObject({
      status: 'error',
      summary: expect.stringMatching(/Connection refused/),
    });
  });

  test('an image without openssl is skipped', async () => {
    const report = await to(SERVERS.expired, '--image', 'localhost/app:1');
    expectSilence(report);
    expect(report.checks[0]?.status).toBe('skip');
  });
});

describe('NT-TLS-002: a hello of post-quantum groups', () => {
  test('is too large for what stands before the server', async () => {
    const report = await tls('--to', `pod/server:${FRONTS.small}`, ...named);
    expectFirst(report, {
      id: 'NT-TLS-002',
      severity: 'critical',
      says: /fails when the client offers post-quantum groups \(X25519MLKEM768\), whose hello takes more than one segment, and succeeds without them/,
    });
  });

  test('is passed on by one that has room', async () => {
    const report = await tls('--to', `pod/server:${FRONTS.large}`, ...named);
    expectSilence(report);
    expect(report.verdict).toBe('pass');
  });
});
