/** Answers that are well-formed and lead elsewhere than the name says. */
import { describe, expect, it } from 'vitest';
import type { Candidate, DnsFacts } from '../../../../src/checks/dns/facts.ts';
import { familyNxdomain } from '../../../../src/checks/dns/rules/family-nxdomain.ts';
import { ndots } from '../../../../src/checks/dns/rules/ndots.ts';
import { otherDomain } from '../../../../src/checks/dns/rules/other-domain.ts';
import { searchHidesName } from '../../../../src/checks/dns/rules/search-hides-name.ts';
import { parseResolvConf } from '../../../../src/parsers/resolv-conf.ts';
import { remedyOf } from '../results.ts';

const SERVER = '198.51.100.10';

/** An answer: an address, or a status. */
const answer = (name: string, type: 'A' | 'AAAA', said: string, server = SERVER) => ({
  role: 'server',
  server,
  port: 53,
  protocol: 'udp',
  limitMs: 5000,
  question: { name, type },
  text: '',
  outcome: 'answered',
  rcode: /^[A-Z]+$/.test(said) ? said : 'NOERROR',
  addresses: /^[A-Z]+$/.test(said) ? [] : [said],
  truncated: false,
  loops: false,
  lost: 0,
  ms: 1,
});

const candidate = (name: string, a: string, aaaa: string): Candidate =>
  ({ name, answers: [answer(name, 'A', a), answer(name, 'AAAA', aaaa)] }) as unknown as Candidate;

function facts(
  name: string,
  candidates: readonly Candidate[],
  search = 'shop.svc.cluster.local svc.cluster.local cluster.local corp.test',
): DnsFacts {
  const at = candidates.findIndex(({ answers }) => answers.some((a) => a.addresses.length > 0));
  return {
    names: [{ name, origin: 'asked', candidates, found: candidates[at], cost: 2 * (at + 1) }],
    resolvConf: parseResolvConf(`nameserver ${SERVER}\nsearch ${search}\noptions ndots:5\n`),
    resolvConfResult: undefined,
    probe: { control: undefined },
    servers: [],
    endpoints: [],
    again: [],
    strangers: [],
    input: {},
  } as unknown as DnsFacts;
}

describe('NXDOMAIN for one family', () => {
  const judged = (...candidates: Candidate[]) => familyNxdomain.judge(facts('db.test.', candidates));

  it('contradicts an address of the other', () => {
    expect(judged(candidate('db.test.', '198.51.100.2', 'NXDOMAIN'))).toMatchObject([
      {
        id: 'NT-DNS-013',
        severity: 'warning',
        summary: expect.stringContaining('answers AAAA with NXDOMAIN'),
      },
    ]);
    expect(judged(candidate('db.test.', 'NXDOMAIN', '2001:db8::2'))).toMatchObject([
      { summary: expect.stringContaining('has AAAA 2001:db8::2, but 198.51.100.10 answers A with NXDOMAIN') },
    ]);
  });

  it('is right for a name that does not exist, and NOERROR for one that has no such address', () => {
    expect(judged(candidate('db.test.', 'NXDOMAIN', 'NXDOMAIN'))).toEqual([]);
    expect(judged(candidate('db.test.', '198.51.100.2', 'NOERROR'))).toEqual([]);
    expect(judged(candidate('db.test.', '198.51.100.2', 'SERVFAIL'))).toEqual([]);
  });

  it('is of one server: what two of them say is no contradiction in one', () => {
    const answers = [
      answer('db.test.', 'A', '198.51.100.2', '198.51.100.10'),
      answer('db.test.', 'AAAA', 'NXDOMAIN', '198.51.100.11'),
    ];
    expect(judged({ name: 'db.test.', answers } as unknown as Candidate)).toEqual([]);
  });
});

describe('a search domain in place of the name', () => {
  const missed = ['shop.svc.cluster.local', 'svc.cluster.local', 'cluster.local'].map((domain) =>
    candidate(`api.test.${domain}.`, 'NXDOMAIN', 'NXDOMAIN'),
  );
  const wildcard = (address: string) => candidate('api.test.corp.test.', address, 'NOERROR');
  const itself = (said: string) => candidate('api.test.', said, 'NOERROR');

  it('is named with both addresses, and the wrong name is not recommended', () => {
    const seen = facts('api.test', [...missed, wildcard('198.51.100.99'), itself('198.51.100.2')]);
    const [found, ...more] = searchHidesName.judge(seen);
    expect(more).toEqual([]);
    expect(found).toMatchObject({ id: 'NT-DNS-014', severity: 'warning', subject: 'api.test' });
    expect(found?.summary).toBe(
      'api.test resolves to 198.51.100.99 as api.test.corp.test. (search domain corp.test, which may answer any name); the name itself is 198.51.100.2.',
    );
    expect(remedyOf(found)).toMatch(/^End api\.test\. with a dot/);
    expect(ndots.judge(seen)).toEqual([]);
  });

  it.each<[string, readonly Candidate[]]>([
    ['leads to the same host', [...missed, wildcard('198.51.100.2'), itself('198.51.100.2')]],
    ['is the only one that has the name', [...missed, wildcard('198.51.100.99'), itself('NXDOMAIN')]],
    ['does not know it', [...missed, wildcard('NXDOMAIN'), itself('198.51.100.2')]],
  ])('is no finding where it %s', (_what, candidates) => {
    expect(searchHidesName.judge(facts('api.test', candidates))).toEqual([]);
  });

  it('is what Services are found by', () => {
    const service = candidate('api.dev.svc.cluster.local.', '198.51.100.50', 'NOERROR');
    const outside = candidate('api.dev.', '198.51.100.2', 'NOERROR');
    expect(searchHidesName.judge(facts('api.dev', [service, outside]))).toEqual([]);
  });
});

describe('a name of a Service of another namespace', () => {
  const first = (said: string) => candidate('two.other.shop.svc.cluster.local.', said, 'NOERROR');
  const right = candidate('two.other.svc.cluster.local.', '198.19.0.7', 'NOERROR');
  const judged = (candidates: readonly Candidate[], addresses = ['198.19.0.7']) =>
    searchHidesName.judge({
      ...facts('two.other', candidates),
      probe: { control: 'kubernetes.default.svc.cluster.local.' },
      input: { known: { 'two.other': { namespace: 'other', name: 'two', addresses } } },
    } as unknown as DnsFacts);

  it('that leads to another by an expansion which comes first', () => {
    const [found, ...more] = judged([first('198.19.0.5'), right]);
    expect(more).toEqual([]);
    expect(found).toMatchObject({ id: 'NT-DNS-014', severity: 'critical', subject: 'two.other' });
    expect(found?.summary).toBe(
      'two.other is the name of Service other/two (198.19.0.7), and resolves to 198.19.0.5 as two.other.shop.svc.cluster.local., which the search list makes of it first: clients reach something else.',
    );
    expect(JSON.stringify(found?.evidence)).toContain('two.other.svc.cluster.local. A 198.19.0.7');
    expect(remedyOf(found)).toContain('ask for two.other.svc.cluster.local. with the dot');
  });

  it.each<[string, readonly Candidate[], string[]]>([
    ['only its own name is known', [first('NXDOMAIN'), right], ['198.19.0.7']],
    ['it leads to the Service (autopath)', [first('198.19.0.7'), right], ['198.19.0.7']],
    ['an address of it is written otherwise', [first('fd00:0:0::7')], ['fd00::7']],
    ['the Service has none of that family', [first('198.19.0.5'), right], ['fd00::7']],
    ['the Service has none', [first('198.19.0.5'), right], []],
    ['its own name has another, as one that was made anew', [right], ['198.19.0.8']],
  ])('is no finding where %s', (_what, candidates, addresses) => {
    expect(judged(candidates, addresses)).toEqual([]);
  });
});

describe('the domain of the search list', () => {
  const CONTROL = 'kubernetes.default.svc.corp.internal.';
  const seen = (control: string | undefined, ...said: string[]): DnsFacts =>
    ({
      ...facts('x', []),
      probe: { control },
      servers: [
        {
          udp: { queries: said.map((one) => answer(CONTROL, 'A', one)) },
          tcp: { queries: [] },
        },
      ],
    }) as unknown as DnsFacts;

  it('is not served by servers that know nothing of it', () => {
    expect(otherDomain.judge(seen(CONTROL, 'NXDOMAIN', 'NXDOMAIN'))).toMatchObject([
      {
        id: 'NT-DNS-015',
        severity: 'critical',
        summary: expect.stringContaining('the search list is for the cluster domain corp.internal'),
      },
    ]);
  });

  it.each<[string, DnsFacts]>([
    ['one answer has its address', seen(CONTROL, 'NXDOMAIN', '198.51.100.1')],
    ['nothing was answered', seen(CONTROL)],
    ['the servers fail', seen(CONTROL, 'SERVFAIL')],
    ['the search list is of no cluster', seen('.', 'NXDOMAIN')],
    ['nothing was asked', seen(undefined, 'NXDOMAIN')],
  ])('is no finding where %s', (_what, known) => {
    expect(otherDomain.judge(known)).toEqual([]);
  });
});

describe('a search domain that answers for a name that does not exist', () => {
  const NAME = 'api.github.test';
  const stranger = (address: string, domain = 'corp.test') => ({
    below: NAME,
    found: `nettools-no-such-name.${NAME}.${domain}.`,
    addresses: [address],
    line: `nettools-no-such-name.${NAME}.${domain}. 60 IN A ${address}`,
    result: { command: ['dig'] },
  });
  const judged = (itself: string, strangers: readonly object[]) =>
    searchHidesName.judge({
      ...facts(NAME, [
        candidate(`${NAME}.corp.test.`, '198.51.100.99', 'NOERROR'),
        candidate(`${NAME}.`, itself, itself),
      ]),
      strangers,
    } as unknown as DnsFacts);

  it('is told with a name that nobody has made', () => {
    const [found] = judged('NXDOMAIN', [stranger('198.51.100.99')]);
    expect(found).toMatchObject({
      id: 'NT-DNS-014',
      severity: 'warning',
      subject: NAME,
      summary: `${NAME} does not exist, and resolves to 198.51.100.99 as ${NAME}.corp.test.: the search domain corp.test answers any name, such as nettools-no-such-name.${NAME}.corp.test.`,
    });
    expect(remedyOf(found)).toContain('with a dot');
  });

  it.each([
    ['the domain has this name alone', judged('NXDOMAIN', [])],
    ['any name leads elsewhere', judged('NXDOMAIN', [stranger('198.51.100.7')])],
    ['another domain answers any', judged('NXDOMAIN', [stranger('198.51.100.99', 'other.test')])],
    ['that it does not exist was not said', judged('SERVFAIL', [stranger('198.51.100.99')])],
  ])('is silent where %s', (_why, found) => {
    expect(found).toEqual([]);
  });
});
