import { readdirSync } from 'node:fs';
import { isIPv4, isIPv6 } from 'node:net';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parsePrefix, sameAddress } from '../../../src/parsers/ip-prefix.ts';
import { brokenJson, brokenText, recordedTexts, SEED } from './mutate.ts';

type Parser = (text: never, ...rest: never[]) => unknown;

/** What a parser takes besides the text. */
const REST: Readonly<Record<string, readonly unknown[]>> = {
  parseComplaint: [[{ name: 'WEB_PORT', value: 'tcp://198.51.100.1:80' }]],
  parseDig: [2],
  parseReach: [2000],
  parseConnects: [2000],
  parseIptablesSave: ['iptables-nft', 'ip'],
  parseServiceRules: [
    { namespace: 'nettools', name: 'web', clusterIp: '198.51.100.1', protocol: 'tcp', port: 80 },
  ],
};
/** What a parser takes in another form. */
const FORM: Readonly<Record<string, (text: string) => unknown>> = {
  parseIcmpErrors: (text) => text.split('\n'),
  // A list without its end is an error by contract.
  parseNetnsList: (text) => `${text}\ndone\n`,
};

/** Made by hand, where nothing is recorded; the formats are those of the parsers' own tests. */
const BY_HAND = [
  '/proc/sys/net/ipv4/conf/eth0/forwarding:1\n/proc/sys/net/ipv6/conf/all/forwarding:0\n',
  '[{"nsid":0,"name":"cni-1"},{"nsid":1}]',
  'interface eth0\nNIC statistics:\n     rx_dropped: 3\n     tx_errors: 0\n',
  'some avg10=94.06 avg60=95.93 avg300=96.78 total=2586207336\n25832.91 47610.77\n',
  '00003a5f 00000001 00000002 00000000\n000012ab 00000000 00000000 00000000\n',
  'endpoint 192.0.2.1 80 connected 613\nendpoint 2001:db8::1 80 refused 211 Connection refused\n',
  '1764129600.100001 eth0  Out IP 198.18.1.5.41234 > 198.18.2.7.8080: Flags [S], seq 4294967295, win 64240, length 0\n',
  'UNCONN 0 0 0.0.0.0:53 0.0.0.0:*\n\t skmem:(r0,rb212992,t0,tb212992,f0,w0,o0,bl0,d7)\n',
  'root\t/proc/1/root\nhost\t1\nprocess\t2\t700\t50\t/docker/aa\tsh\nmount\t2\t/run/netns/a\\040b\nlink\t2\t[{"ifindex":2,"link_index":1,"ifname":"eth0"}]\nlog\ta_b_c-aa.log\n',
  '{"watching":{"kernel":"6.18","own":"1"}}\n{"place":{"reason":"XDP","function":"f","namespace":"1","packets":2,"bytes":9}}\n{"end":{"seconds":1}}\n',
  'could not parse "tcp://198.51.100.1:80" as int value from environment variable "WEB_PORT" for flag port\n',
  '198.51.100.7/24',
  '2001:db8::198.51.100.1%eth0/64',
];

const folder = join(import.meta.dirname, '../../../src/parsers');
const modules = await Promise.all(
  readdirSync(folder).map(async (file) => (await import(join(folder, file))) as Record<string, Parser>),
);
const parsers = modules.flatMap((module) =>
  Object.entries(module).flatMap(([name, parser]): [string, (text: string) => unknown][] => {
    if (!name.startsWith('parse')) return [];
    const rest = (REST[name] ?? []) as never[];
    const form = FORM[name] ?? ((text: string) => text);
    return [[name, (text) => parser(form(text) as never, ...rest)]];
  }),
);
const texts = [...recordedTexts(), ...BY_HAND];

/** How much a parser makes of a text. */
function yieldOf(parse: (text: string) => unknown, text: string): number {
  const value = parse(text);
  return (
    JSON.stringify(value instanceof Map ? [...value] : value, (_key, one) =>
      typeof one === 'bigint' ? String(one) : (one as unknown),
    )?.length ?? 0
  );
}

/** The recorded texts that a parser makes most of: its own tool's. */
function corpusOf(parse: (text: string) => unknown): string[] {
  const nothing = yieldOf(parse, '');
  return texts
    .map((text) => ({ text, made: yieldOf(parse, text) }))
    .filter(({ made }) => made > nothing)
    .sort((a, b) => b.made - a.made)
    .slice(0, 8)
    .map(({ text }) => text);
}

function isJson(text: string): boolean {
  return /^\s*[[{]/.test(text) && parsed(text) !== undefined;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

describe.each(parsers)('%s', (_name, parse) => {
  it('reads any text', () => {
    const text = fc.oneof(fc.string({ unit: 'binary', maxLength: 300 }), fc.json());
    fc.assert(
      fc.property(text, (any) => void parse(any)),
      { seed: SEED, numRuns: 100 },
    );
  });

  it('reads what its tool printed, broken', () => {
    const corpus = corpusOf(parse);
    const broken = corpus.flatMap((text) => [
      brokenText(text),
      ...(isJson(text) ? [brokenJson(parsed(text)).map((value) => JSON.stringify(value))] : []),
    ]);
    const any = broken.length > 0 ? fc.oneof(...broken) : fc.constantFrom(...BY_HAND).chain(brokenText);
    fc.assert(
      fc.property(any, (text) => void parse(text)),
      { seed: SEED, numRuns: 150 },
    );
  });
});

describe('parsePrefix', () => {
  const digits = fc.array(fc.stringMatching(/^\d{1,4}$/), { minLength: 3, maxLength: 5 });
  const address = fc.oneof(
    digits.map((parts) => parts.join('.')),
    fc.ipV4(),
    fc.ipV6(),
    brokenText('2001:db8::198.51.100.1'),
    brokenText('198.51.100.1'),
  );

  it('knows the same addresses as the system', () => {
    fc.assert(
      fc.property(address, (text) => {
        fc.pre(!/[%/]/.test(text));
        const prefix = parsePrefix(text);
        expect(prefix?.family).toBe(isIPv4(text) ? 'inet' : isIPv6(text) ? 'inet6' : undefined);
      }),
      { seed: SEED, numRuns: 1000 },
    );
  });

  it('takes an address for itself in each of its forms', () => {
    fc.assert(
      fc.property(fc.ipV6(), (text) => {
        expect(sameAddress(text, new URL(`http://[${text}]/`).hostname.slice(1, -1))).toBe(true);
      }),
      { seed: SEED },
    );
  });
});
