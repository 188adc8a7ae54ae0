/** Answers that are none: what dig 9.18 prints of servers that send them. */
import { describe, expect, it } from 'vitest';
import { judgeDns } from '../../../../src/checks/dns/judge.ts';
import type { Judgement } from '../../../../src/model/check.ts';
import { parseDig } from '../../../../src/parsers/dig.ts';
import { evidence, named, remedyOf, result } from '../results.ts';
import { evidenceOf, inputOf, NAMESPACE, SERVICE_ADDRESS, service } from './facts.ts';

const NAME = 'kubernetes.default.svc.cluster.local.';
const head = (status: string, answers: number): string =>
  `;; Got answer:
;; ->>HEADER<<- opcode: QUERY, status: ${status}, id: 19552
;; flags: qr rd ra; QUERY: 1, ANSWER: ${answers}, AUTHORITY: 0, ADDITIONAL: 0

;; QUESTION SECTION:
;${NAME} IN A
`;
const tail = `
;; Query time: 274 usec
;; SERVER: 198.19.0.10#53(198.19.0.10) (UDP)
;; WHEN: Sun Nov 29 00:36:00 UTC 2026
;; MSG SIZE  rcvd: 54

`;
const SILENT = `;; communications error to 198.19.0.10#53: timed out

;; no servers could be reached

`;

/** By what the server sent. */
const SAID = {
  'bytes that are no DNS message': `;; Got bad packet: bad compression pointer
32 bytes
e3 71 ff ff ff ff ff ff ff ff ff ff ff ff ff ff          .q..............
ff ff ff ff ff ff ff ff ff ff ff ff ff ff ff ff          ................
`,
  'a message whose end is missing': `;; Warning: Message parser reports malformed message packet.\n${head('NOERROR', 5)}${tail}`,
  'the question itself': `;; Warning: query response not set\n${head('NOERROR', 0)}${tail}`,
  'the answer to another question': `;; ;; Question section mismatch: got wrong/A/IN\n${SILENT}`,
  'another ID': `;; Warning: ID mismatch: expected ID 34137, got 57005\n${SILENT}`,
  'half a header': `;; Warning: short (< header size) message received\n${SILENT}`,
  'a format error': `${head('FORMERR', 0)}${tail}`,
  'that it knows no such thing': `${head('NOTIMP', 0)}${tail}`,
  'an alias of itself': `${head('NOERROR', 1)}\n;; ANSWER SECTION:\n${NAME} 5\tIN CNAME ${NAME}\n${tail}`,
  'aliases in a circle': `${head('NOERROR', 2)}\n;; ANSWER SECTION:\n${NAME} 5\tIN CNAME b.example.\nB.example. 5\tIN CNAME ${NAME}\n${tail}`,
} as const;
const ANSWER = `${head('NOERROR', 1)}\n;; ANSWER SECTION:\n${NAME} 5\tIN A 198.19.0.1\n${tail}`;

/** A run in which each question to the only server of resolv.conf got this. */
function judged(said: string, tcp = said): Judgement {
  const lines = (text: string): string => text.replace(/^/gm, '|');
  const ask = (protocol: string, type: string, text: string): string =>
    `query server ${SERVICE_ADDRESS} 53 ${protocol} 6 1 ${NAME} ${type}\n${lines(text)}\n`;
  const queries = ['A', 'AAAA', 'A', 'AAAA'].map((type) => ask('udp', type, said)).join('');
  const probe = `control ${NAME}\n${queries}${ask('tcp', 'A', tcp)}`;
  return judgeDns(
    evidence({
      'resolv-conf': result(`nameserver ${SERVICE_ADDRESS}\nsearch cluster.local\n`),
      dns: result(probe),
    }),
    inputOf('healthy', { names: [], services: { value: [service('dns-healthy', { endpoints: [] })] } }),
  );
}

describe('a server that answers', () => {
  it.each(Object.entries(SAID))('%s fails', (_what, said) => {
    const judgement = judged(said);
    expect(judgement.status).toBe('fail');
    expect(named(judgement)).toEqual(['NT-DNS-004 critical']);
    expect(judgement.summary).toMatch(/^5 of 5 answers are .*, from 198\.19\.0\.10, for kubernetes/);
    expect(judgement.findings[0]?.evidence[0]?.excerpt).not.toContain('undefined');
  });

  it('as it should passes', () => {
    expect(judged(ANSWER)).toMatchObject({ status: 'pass', findings: [] });
  });

  it('with a packet of somebody else before the right one passes', () => {
    const late = `;; Warning: ID mismatch: expected ID 34137, got 57005\n${ANSWER}`;
    expect(judged(late)).toMatchObject({ status: 'pass', findings: [] });
  });

  it('nothing that is known is not measured, and no pass', () => {
    const judgement = judged(`dig: '${NAME}' is not a legal name\n`);
    expect(judgement.status).toBe('error');
    expect(judgement.summary).toMatch(/^No name server gave a usable answer: /);
  });

  it('by TCP alone what is no DNS message is not blocked there', () => {
    const judgement = judged(ANSWER, SAID['bytes that are no DNS message']);
    expect(judgement.findings.map(({ id }) => id)).not.toContain('NT-DNS-003');
  });
});

describe('parseDig', () => {
  it('keeps the bytes of a bad packet out of the next answer', () => {
    const answers = parseDig(`${SAID['bytes that are no DNS message']}\n${ANSWER}`, 2);
    expect(answers.map(({ outcome, addresses }) => [outcome, addresses])).toEqual([
      ['garbled', []],
      ['answered', ['198.19.0.1']],
    ]);
  });

  it('takes no chain of aliases for a loop', () => {
    const chain = `${head('NOERROR', 3)}\n;; ANSWER SECTION:\n${NAME} 5\tIN CNAME b.example.\nb.example. 5\tIN CNAME c.example.\nc.example. 5\tIN A 198.19.0.1\n${tail}`;
    expect(parseDig(chain, 1)[0]).toMatchObject({ outcome: 'answered', loops: false });
  });
});

describe('NT-DNS-008 where nothing is known of the name server', () => {
  const allowDns = {
    namespace: NAMESPACE,
    name: 'allow-dns',
    podSelector: {},
    policyTypes: ['Egress'],
    egress: [
      {
        to: [
          {
            namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'kube-system' } },
            podSelector: { matchLabels: { 'k8s-app': 'kube-dns' } },
          },
        ],
      },
    ],
  };

  const run = (said: string, dnsPolicy: string, server = SERVICE_ADDRESS): Judgement => {
    const input = inputOf('healthy', {
      names: [],
      services: { skipped: 'you may not read Services in kube-system' },
    });
    const { value } = input.policies;
    if (!value) throw new Error('the input has no policies');
    const probe = ['A', 'AAAA', 'A', 'AAAA']
      .map((type) => `query server ${server} 53 udp 6 1 ${NAME} ${type}\n${said.replace(/^/gm, '|')}\n`)
      .join('');
    return judgeDns(
      evidence({
        'resolv-conf': result(`nameserver ${server}\n`),
        dns: result(`control ${NAME}\n${probe}`),
      }),
      {
        ...input,
        pod: { ...input.pod, policy: dnsPolicy },
        policies: { value: { ...value, policies: [allowDns] } },
      },
    );
  };

  it('is not made up: not where DNS works, nor where it is down for another reason', () => {
    const works = run(ANSWER, 'ClusterFirst');
    expect(works.status).toBe('pass');
    expect(works.findings.map(({ id }) => id)).toEqual(['NT-SYS-001', 'NT-SYS-001']);
    expect(works.findings[1]?.summary).toBe(
      'NetworkPolicies on the way to 198.19.0.10 (NT-DNS-008): policies apply to the pods behind that address, and these are unknown.',
    );
    expect(named(run(SILENT, 'ClusterFirst'))).toEqual(['NT-DNS-001 critical']);
  });

  it.each([
    ['169.254.20.10', "is the node's own DNS cache", true],
    ['169.254.169.254', 'is the name server of the cloud', false],
  ] as const)('says what %s is', (server, what, isOfNode) => {
    const found = run(SILENT, 'ClusterFirst', server).findings.find(({ id }) => id === 'NT-DNS-008');
    expect(found?.summary).toContain(`(${server} ${what}, which is no pod`);
    expect(remedyOf(found)).toContain(`cidr: ${server}/32`);
    expect(remedyOf(found)?.includes('node-local-dns')).toBe(isOfNode);
  });

  it("is judged where the servers are the node's, which are no Service's", () => {
    expect(named(run(SILENT, 'Default'))).toContain('NT-DNS-008 critical');
  });
});

describe('servers behind the Service that were not asked', () => {
  it('are told, and what some do is not said of all', () => {
    const asked = service('dns-healthy');
    const more = Array.from({ length: 18 }, (_, i) => ({
      address: `198.18.9.${i + 1}`,
      udpPort: 53,
      tcpPort: 53,
    }));
    const endpoints = [...asked.endpoints, ...more];
    const judgement = judgeDns(
      evidenceOf('healthy'),
      inputOf('healthy', { services: { value: [{ ...asked, endpoints }] } }),
    );
    expect(judgement.summary).toContain('and so do the 2 servers (of 20) behind it');
    expect(judgement.findings.map((f) => f.summary)).toEqual([
      '18 of the 20 servers behind kube-dns (NT-DNS-009): they were not queried.',
    ]);
  });
});
