import { readFileSync } from 'node:fs';
import { Ajv } from 'ajv';
import { load } from 'js-yaml';
import { describe, expect, it } from 'vitest';
import { parseTarget } from '../../../src/cli/flags/target.ts';
import { readNetworkTests } from '../../../src/commands/test-files.ts';
import schema from '../../../src/expectations/network-test.schema.json' with { type: 'json' };
import { parseNetworkTests } from '../../../src/expectations/parse.ts';
import type { NetworkTest } from '../../../src/model/network-test.ts';

const ANYTHING = { targetProblem: () => undefined, destProblem: () => undefined };

const HEAD = 'apiVersion: nettools/v1\nkind: NetworkTest\ntests:\n';
const tests = (...lines: string[]): readonly NetworkTest[] =>
  parseNetworkTests(`${HEAD}${lines.map((line) => `  - ${line}\n`).join('')}`, 'shop.yaml', ANYTHING)[0]
    ?.tests ?? [];
const test = (line: string): NetworkTest | undefined => tests(line)[0];
const isAdmitted = new Ajv({ allErrors: true, allowUnionTypes: true }).compile(schema);

/** The form that was agreed on: its keys are the contract. */
const AGREED = `apiVersion: nettools/v1
kind: NetworkTest
metadata: {name: shop}
tests:
  - {name: web reaches db, from: deploy/web, to: svc/db:5432, expect: connected, within: 20ms}
  - {from: {selector: app=web, all: true}, to: 'https://api.example.com/healthz', expect: {status: 200, within: 1s, certificateDays: 21}}
  - {from: deploy/web, to: svc/admin:8443, expect: denied}
  - {from: pod/web-0, dns: api.example.com, expect: {answers: 1, within: 200ms}}
  - {from: {nodes: all}, to: {nodes: all}, expect: {loss: 0%, mtu: 1450}}
`;

describe('a file of expectations', () => {
  it('reads the agreed form', () => {
    const [file] = parseNetworkTests(AGREED, 'shop.yaml', ANYTHING);
    expect(file?.name).toBe('shop');
    expect(file?.tests.map(({ from, to, dns, expect: expected }) => ({ from, to, dns, expected }))).toEqual([
      {
        from: { kind: 'target', target: 'deploy/web', every: false },
        to: [{ kind: 'dest', dest: 'svc/db:5432' }],
        expected: { connection: 'connected', withinMs: 20 },
      },
      {
        from: { kind: 'selector', selector: 'app=web', every: true },
        to: [{ kind: 'dest', dest: 'https://api.example.com/healthz' }],
        expected: { connection: 'connected', status: [200], withinMs: 1000, certificateDays: 21 },
      },
      {
        from: { kind: 'target', target: 'deploy/web', every: false },
        to: [{ kind: 'dest', dest: 'svc/admin:8443' }],
        expected: { connection: 'denied' },
      },
      {
        from: { kind: 'target', target: 'pod/web-0', every: false },
        to: [],
        dns: 'api.example.com',
        expected: { answers: 1, withinMs: 200 },
      },
      {
        from: { kind: 'nodes' },
        to: [{ kind: 'places', places: { kind: 'nodes' } }],
        expected: { loss: 0, mtu: 1450 },
      },
    ]);
    expect(file?.tests.map(({ place }) => [place.number, place.line])).toEqual([
      [1, 5],
      [2, 6],
      [3, 7],
      [4, 8],
      [5, 9],
    ]);
    expect(isAdmitted(load(AGREED)), JSON.stringify(isAdmitted.errors)).toBe(true);
  });

  it('reads lists, ports, names of certificates, rates and limits of findings', () => {
    expect(
      test('{from: node/n1, to: [a:1, {selector: app=db, all: true, port: 53/udp}], expect: connected}')?.to,
    ).toEqual([
      { kind: 'dest', dest: 'a:1' },
      { kind: 'places', places: { kind: 'selector', selector: 'app=db', every: true }, port: '53/udp' },
    ]);
    expect(
      test(
        '{from: a, to: pod/b, expect: {throughput: 1.5G, noFindingAbove: info, certificateNames: [x.example]}}',
      )?.expect,
    ).toEqual({
      connection: 'connected',
      throughputBits: 1.5e9,
      noFindingAbove: 'info',
      certificateNames: ['x.example'],
    });
    expect(test('{from: a, dns: b.example, expect: {answers: [192.0.2.1]}}')?.expect.answers).toEqual([
      '192.0.2.1',
    ]);
    expect(test('{from: a, expect: {noFindingAbove: warning}}')?.to).toEqual([]);
  });

  it('knows several documents, and anchors', () => {
    const text = `${HEAD}  - {from: &web deploy/web, to: a:1, expect: connected}\n  - {from: *web, to: b:2, expect: refused}\n---\n${HEAD}  - {from: c, to: d:3, expect: denied}\n`;
    const files = parseNetworkTests(text, 'two.yaml', ANYTHING);
    expect(files.map(({ tests: all }) => all.map(({ place }) => [place.document, place.number]))).toEqual([
      [
        [1, 1],
        [1, 2],
      ],
      [[2, 1]],
    ]);
    expect(files[0]?.tests[1]?.from).toMatchObject({ target: 'deploy/web' });
  });

  it('merges mappings as YAML 1.1 does: what stands in them goes before', () => {
    const [first, second] = tests(
      '&base {from: a, to: b:1, expect: connected, within: 1s}',
      '{name: other, <<: [{to: c:2}, *base], from: d}',
    );
    expect(second).toMatchObject({ name: 'other', from: { target: 'd' }, to: [{ dest: 'c:2' }] });
    expect(second?.expect).toEqual(first?.expect);
    expect(() => tests('{<<: a, from: a, to: b:1, expect: connected}')).toThrow(
      'shop.yaml:4: what is merged by "<<" must be a mapping.',
    );
  });

  it('refuses aliases that make a few lines a million tests, and reads many keys', () => {
    const many = Array.from({ length: 5000 }, (_, i) => `b:${i + 1}`).join(', ');
    const bomb = tests.bind(undefined, `&t {from: a, to: [${many}], expect: connected}`);
    expect(() => bomb(...new Array<string>(1000).fill('*t'))).toThrow(
      /more than 2000000 values in it, aliases/,
    );
    const keys = Array.from({ length: 50_000 }, (_, i) => `k${i}: 1\n`).join('');
    const began = process.cpuUsage().user;
    expect(() => parseNetworkTests(keys, 'shop.yaml', ANYTHING)).toThrow(/the document has no key "k0"/);
    expect((process.cpuUsage().user - began) / 1e6).toBeLessThan(2);
  });

  it.each<[string, string]>([
    [
      '{from: a, to: b:1, expect: connected, within: 0ms}',
      'shop.yaml:4: test 1: within is no time at all: nothing is as fast as that.',
    ],
    [
      '{from: a, to: b:1, expect: connectd}',
      'shop.yaml:4: tests[1].expect must be connected, denied or refused, not "connectd".',
    ],
    [
      '{from: a, to: b:1, expect: connected, within: soon}',
      'shop.yaml:4: tests[1].within must be a duration such as 20ms, 1.5s or 2m, not "soon".',
    ],
    [
      '{from: a, to: b:1, expect: {lost: 0%}}',
      'shop.yaml:4: tests[1].expect has no key "lost"; it may have connection, within, loss, mtu, answers, status, certificateDays, certificateNames, throughput and noFindingAbove.',
    ],
    ['{from: a, to: b:1}', 'shop.yaml:4: tests[1] needs the key "expect".'],
    [
      '{from: a, to: b:1, expect: {mtu: "1450"}}',
      'shop.yaml:4: tests[1].expect.mtu must be a size of a packet in bytes, from 68 to 65535, not "1450".',
    ],
    [
      '{name: n, from: a, to: b:1, dns: c, expect: connected}',
      'shop.yaml:4: test 1 ("n"): it may have "to" or "dns", not both.',
    ],
    [
      '{from: a, dns: c, expect: connected}',
      'shop.yaml:4: test 1: expect.connection is about a connection, and "dns" is a name to look up.',
    ],
    [
      '{from: a, expect: connected}',
      'shop.yaml:4: test 1: without "to" or "dns" it can expect nothing but noFindingAbove.',
    ],
    [
      '{from: a, to: b, expect: connected}',
      'shop.yaml:4: test 1: "b" needs a port: a connection is expected of it.',
    ],
    [
      '{from: a, to: "2001:db8::1", expect: connected}',
      'shop.yaml:4: test 1: "2001:db8::1" needs a port: a connection is expected of it.',
    ],
    [
      '{from: a, to: {nodes: all}, expect: connected}',
      'shop.yaml:4: test 1: to needs a port: a connection is expected of it.',
    ],
    [
      '{from: a, to: b:1, expect: denied, within: 1s}',
      'shop.yaml:4: test 1: what is denied has no "within": it needs a connection.',
    ],
    [
      '{from: a, to: b:1, expect: {connection: denied, noFindingAbove: info}}',
      'shop.yaml:4: test 1: what is denied is a finding: "noFindingAbove" cannot stand beside it.',
    ],
    ['{from: a, to: b:1, expect: {status: 200}}', 'shop.yaml:4: test 1: expect.status needs a URL in "to".'],
    [
      '{from: a, to: b:1, expect: {within: 1s}, within: 1s}',
      'shop.yaml:4: test 1: "within" stands beside "expect" and in it: one of them is enough.',
    ],
    [
      '{from: {target: a, nodes: all}, to: b:1, expect: connected}',
      'shop.yaml:4: test 1: from needs one of target, selector and nodes.',
    ],
    [
      '{from: {nodes: all, all: true}, to: b:1, expect: connected}',
      'shop.yaml:4: test 1: from: nodes have neither "all" nor "namespace".',
    ],
    ['{from: a, to: [], expect: connected}', 'shop.yaml:4: tests[1].to is an empty list.'],
    ['{from: a, to: b:1, expect: {}}', 'shop.yaml:4: test 1: expect is empty.'],
    ['{from: a, from: b, to: b:1, expect: connected}', 'shop.yaml:4: the key "from" is given twice.'],
    ['{from: *no, to: b:1, expect: connected}', 'shop.yaml:4: nothing is called &no.'],
    [
      '{from: a, to: {target: b, port: 70000}, expect: connected}',
      'shop.yaml:4: test 1: to.port must be from 1 to 65535, not "70000".',
    ],
  ])('says what is wrong with %s', (line, sentence) => {
    expect(() => test(line)).toThrow(sentence);
  });

  it.each<[string, string]>([
    ['', 'f.yaml:1: there is no document in it.'],
    [
      '- a\n',
      'f.yaml:1: the document must be a mapping with apiVersion, kind, metadata and tests, not a list.',
    ],
    ['apiVersion: v1\nkind: Pod\n', 'f.yaml:2: kind must be NetworkTest, not "Pod".'],
    [`${HEAD.replace('tests:\n', '')}`, 'f.yaml:1: the document needs the key "tests".'],
    [
      'apiVersion: nettools/v2\nkind: NetworkTest\ntests: [{}]\n',
      'f.yaml:1: apiVersion must be nettools/v1, not "nettools/v2".',
    ],
    ['a: [b\n', 'f.yaml:2: '],
    [`${AGREED}---\n${HEAD}  - {from: a}\n`, 'f.yaml:14: document 2: tests[1] needs the key "expect".'],
  ])('says what is wrong with the file %j', (text, sentence) => {
    expect(() => parseNetworkTests(text, 'f.yaml', ANYTHING)).toThrow(sentence);
  });

  it('lets the command line judge targets and destinations', () => {
    const file = `${import.meta.dirname}/broken-words.yaml`;
    expect(() => readNetworkTests({ files: [file], targetOf: parseTarget })).toThrow(
      `${file}:4: test 1: from: "docker://" is not a target: write docker://CONTAINER.`,
    );
    expect(readFileSync(file, 'utf8')).toContain('docker://');
  });
});

describe('the schema for editors', () => {
  it.each([
    ['{from: a, to: b:1, expect: connectd}', false],
    ['{from: a, to: b:1, expect: connected, within: soon}', false],
    ['{from: a, to: b:1, expect: {lost: 0%}}', false],
    ['{from: a, to: b:1}', false],
    ['{from: a, to: b:1, expect: {mtu: "1450"}}', false],
    ['{from: a, to: [], expect: connected}', false],
    ['{from: a, to: {selector: x, port: 8080}, expect: connected}', true],
    ['{from: a, to: {selector: x, port: 53/udp}, expect: connected}', true],
    ['{from: a, to: pod/b, expect: {throughput: 500M}}', true],
    ['{from: a, to: "https://b.example", expect: {status: [200, 204], certificateNames: b.example}}', true],
    ['{from: a, to: "https://b.example", expect: {status: 99}}', false],
    ['{from: {nodes: [n1, n2]}, to: {nodes: all}, expect: {loss: 0.5%}}', true],
    ['{from: {nodes: none}, to: {nodes: all}, expect: {loss: 0.5%}}', false],
    ['{from: a, dns: b.example, expect: {answers: 0}}', true],
    ['{from: a, expect: {noFindingAbove: critical}}', false],
  ])('and the parser agree on %s: %s', (line, isRight) => {
    const reads = (): boolean => {
      try {
        test(line);
        return true;
      } catch {
        return false;
      }
    };
    expect([isAdmitted(load(`${HEAD}  - ${line}\n`)), reads()]).toEqual([isRight, isRight]);
  });
});
