import { describe, expect, it } from 'vitest';
import { linkCauses } from '../../../../src/checks/causes.ts';
import type { ServiceInfo, ServiceInput } from '../../../../src/checks/service/facts.ts';
import { judgeService } from '../../../../src/checks/service/judge.ts';
import type { MisreadLink } from '../../../../src/checks/shared/misread-link.ts';
import type { Judgement } from '../../../../src/model/check.ts';
import type { ProbeResult } from '../../../../src/model/evidence.ts';
import { problemsOf, recorded } from '../recorded-ways.ts';
import { evidence, remedyOf, result } from '../results.ts';

const OK = 'ok 613';
const SLOW = 'ok 1012000';
const REFUSED = 'environment: connect: Connection refused\nfailed 211';
const SILENT = '';
/** Of a series. */
const UNANSWERED = 'given up: Connection timed out\nfailed 1500000\n';
const tried = (ending: string, address = '198.51.100.7') =>
  result(`address ${address}\ntry 400000\n${ending === '' ? '' : `${ending}\n`}`, {
    durationMs: 4000,
    ...(ending === SILENT ? { status: 'timeout' as const, code: 124 } : {}),
  });

const SHOP: ServiceInfo = {
  id: 'svc0',
  label: 'svc/shop',
  namespace: 'default',
  name: 'shop',
  type: 'ClusterIP',
  clusterIp: '198.51.100.100',
  protocol: 'tcp',
  port: 80,
  targetPort: '8080',
  internalTrafficPolicy: 'Cluster',
  selector: 'app=shop',
  endpoints: ['a', 'b', 'c'].map((pod, i) => ({
    address: `198.51.100.${i + 1}`,
    port: 8080,
    pod,
    node: 'node2',
    otherPorts: [9090],
  })),
  ready: 3,
  leaving: 0,
  notReady: [],
  selected: 3,
  isPortUnnamed: false,
};

interface Run {
  readonly service?: Partial<ServiceInfo>;
  readonly input?: Partial<ServiceInput>;
  readonly endpoints?: readonly string[];
  /** Of each endpoint's other port. */
  readonly others?: string;
  readonly virtual?: readonly string[];
  /** The connections to the cluster IP after the first one. */
  readonly series?: Omit<ProbeResult, 'id'>;
  readonly name?: string;
  /** The second time. */
  readonly again?: string;
  readonly reference?: string;
  /** Of kubernetes.default.svc by its name: what it resolves to. */
  readonly known?: string;
  /** Of each endpoint's pod by its other address. */
  readonly family?: string;
  /** What the node has of kube-proxy, before and after. */
  readonly rules?: readonly [before: string, after: string];
}

/** What became of a connection by name. */
function named(ending: string): Omit<ProbeResult, 'id'> {
  return ending === 'unresolved' ? result('unresolved\n') : tried(ending);
}

function judged(run: Run): Judgement {
  const {
    service,
    input,
    endpoints = [OK, OK, OK],
    others = REFUSED,
    virtual = [OK],
    name = OK,
    again = name,
    reference = OK,
    known = 'unresolved',
    family = REFUSED,
    rules,
    series,
  } = run;
  const info = { ...SHOP, ...service };
  return judgeService(
    evidence({
      ...Object.fromEntries(
        endpoints.flatMap((ending, i) => [
          [`svc0-endpoint${i}-reach`, tried(ending)],
          [`svc0-endpoint${i}-9090-reach`, tried(others)],
          [`svc0-endpoint${i}-family-reach`, tried(family)],
        ]),
      ),
      ...Object.fromEntries(virtual.map((ending, i) => [`svc0-virtual${i}-reach`, tried(ending)])),
      ...(series === undefined ? {} : { 'svc0-virtual-series': series }),
      ...(rules ? { 'svc0-rules-before': result(rules[0]), 'svc0-rules-after': result(rules[1]) } : {}),
      'svc0-name-reach': named(name),
      'svc0-name-again1-reach': named(again),
      'reference-reach': tried(reference),
      'reference-name-reach': known === 'unresolved' ? result('unresolved\n') : tried(OK, known),
    }),
    {
      services: [info],
      node: 'node1',
      addresses: ['198.51.100.50'],
      hasClusterDns: true,
      ...input,
    },
  );
}

const problems = (run: Run) => problemsOf(judged(run));

describe('recorded', () => {
  const of = (name: string) => {
    const { evidence: real, input } = recorded<ServiceInput>(name);
    return judgeService(real, input);
  };

  it.each([
    ['service-healthy', [], /2 of 2 endpoints of svc\/shop answer, and so does its cluster IP/],
    [
      'service-one-silent',
      ['NT-SVC-007 critical'],
      /1 of 2 endpoints of svc\/shop fails: pod shop-b .*: no answer within 3\.\d s/,
    ],
    [
      'service-wrong-port',
      ['NT-SVC-002 critical'],
      /target port 9090, which 2 of 2 endpoints refuse, while port 8080 of/,
    ],
    ['service-no-endpoint', ['NT-SVC-001 critical'], /no pod matches its selector app=shpo/],
  ])('%s', (name, expected, says) => {
    expect(problemsOf(of(name))).toEqual(expected);
    expect(of(name).summary).toMatch(says);
  });
});

describe('endpoints', () => {
  it('are silent when all answer', () => {
    expect(judged({}).status).toBe('pass');
    expect(judged({}).findings).toEqual([]);
  });

  it('are named when some fail, and the cluster IP is then no story of its own', () => {
    const one = judged({ endpoints: [OK, SILENT, OK], virtual: [SILENT] });
    expect(problemsOf(one)).toEqual(['NT-SVC-007 critical']);
    expect(one.summary).toBe(
      '1 of 3 endpoints of svc/shop fails: pod b (198.51.100.2:8080): no answer within 3.6 s.',
    );
    expect(judged({ endpoints: [REFUSED, REFUSED, REFUSED] }).summary).toMatch(
      /^3 of 3 endpoints of svc\/shop fail: pod a/,
    );
  });

  it('refuse a wrong target port', () => {
    const wrong = { endpoints: [REFUSED, REFUSED, REFUSED], virtual: [REFUSED], others: OK };
    expect(problems(wrong)).toEqual(['NT-SVC-002 critical']);
    expect(problems({ ...wrong, others: SILENT })).toEqual(['NT-SVC-007 critical']);
    expect(problems({ ...wrong, endpoints: [SILENT, SILENT, SILENT] })).toEqual(['NT-SVC-007 critical']);
  });

  it('refuse a target port that is right for others: then it stays as it is', () => {
    const mixed = { endpoints: [OK, REFUSED, OK], others: OK };
    expect(problems(mixed)).toEqual(['NT-SVC-007 critical']);
    const ofWorkloads = (...workloads: (string | undefined)[]) => ({
      endpoints: SHOP.endpoints.map((e, i) => ({
        ...e,
        ...(workloads[i] === undefined ? {} : { workload: workloads[i] }),
      })),
    });
    const service = ofWorkloads('Deployment shop', 'StatefulSet redis', 'Deployment shop');
    const other = judged({ ...mixed, service });
    expect(problemsOf(other)).toEqual(['NT-SVC-010 critical']);
    expect(other.summary).toBe(
      '1 of 3 endpoints of svc/shop is of another workload: pod b (198.51.100.2:8080) (it listens on 9090) belongs to StatefulSet redis, those that work to Deployment shop, and the selector app=shop matches both. It fails: "Connection refused".',
    );
    expect(remedyOf(other.findings[0])).not.toContain('patch');
    // A replica of the same workload, one that is silent, and one of which nothing is known, are no strangers.
    const same = ofWorkloads('Deployment shop', 'Deployment shop', 'Deployment shop');
    expect(problems({ ...mixed, service: same })).toEqual(['NT-SVC-007 critical']);
    expect(problems({ endpoints: [OK, SILENT, OK], service })).toEqual(['NT-SVC-007 critical']);
    expect(
      problems({ ...mixed, service: ofWorkloads('Deployment shop', undefined, 'Deployment shop') }),
    ).toEqual(['NT-SVC-007 critical']);
  });

  it('are none for a name that nobody declares', () => {
    const service = { endpoints: [], ready: 0, targetPort: 'web', isPortUnnamed: true };
    expect(problems({ service, endpoints: [], virtual: [REFUSED] })).toEqual(['NT-SVC-002 critical']);
  });

  it('are none where none is ready', () => {
    const service = {
      endpoints: [],
      ready: 0,
      selected: 1,
      notReady: [{ pod: 'a', reason: 'CrashLoopBackOff' }],
    };
    expect(judged({ service, endpoints: [], virtual: [REFUSED] }).summary).toMatch(
      /1 pod matches its selector app=shop, and none is ready \(a: CrashLoopBackOff\); connecting to it ends with "Connection refused"/,
    );
  });
});

describe('the cluster IP', () => {
  it('fails alone', () => {
    const one = judged({ virtual: [SILENT] });
    expect(problemsOf(one)).toEqual(['NT-SVC-003 critical']);
    expect(one.summary).toMatch(
      /3 of 3 endpoints .* 1 of 1 connections .* the API server's Service works\.$/,
    );
    expect(judged({ virtual: [SILENT], reference: SILENT }).summary).toMatch(
      /the API server's Service fails too\.$/,
    );
  });

  it('leads to a NodePort of its own node, which translates a connection once', () => {
    const [own] = SHOP.endpoints;
    const written = { address: '198.51.100.11', port: 30080, otherPorts: [], ownNodePort: 'svc/inner' };
    const run = (virtual: string, endpoint: object = written) =>
      judged({
        service: { endpoints: [{ ...own, ...endpoint } as typeof written], ready: 1 },
        endpoints: [OK],
        virtual: [virtual],
      });
    const found = run(REFUSED, { ...written, pod: undefined });
    expect(problemsOf(found)).toEqual(['NT-SVC-003 critical']);
    expect(found.summary).toMatch(
      /^svc\/shop leads to 198\.51\.100\.11:30080, the NodePort of svc\/inner on the target's own node: it answers by itself, and 1 of 1 connections to the cluster IP .* fail: .*Connection refused/,
    );
    expect(remedyOf(found.findings[0])).toContain('selector and targetPort of svc/inner');
    expect(remedyOf(found.findings[0])).not.toContain('kube-proxy');
    // What is silent, or works, is another story, and so is an endpoint that is none.
    expect(run(SILENT).summary).not.toContain('NodePort');
    expect(run(OK).status).toBe('pass');
    expect(run(REFUSED, {}).summary).not.toContain('NodePort');
  });

  it('may have a reason in the bridge where all endpoints are on the node of the target', () => {
    const remedy = (node: string) =>
      remedyOf(judged({ virtual: [SILENT], input: { node } }).findings.find(({ id }) => id === 'NT-SVC-003'));
    expect(remedy('node2')).toMatch(
      /bridge-nf-call-iptables, NT-RT-009\)\.\nkubectl nettools routing node\/node2/,
    );
    expect(remedy('node1')).not.toMatch(/bridge/);
  });

  it('has a reason in a local traffic policy', () => {
    const service = { internalTrafficPolicy: 'Local' };
    expect(problems({ service, virtual: [SILENT] })).toEqual(['NT-SVC-004 warning']);
    expect(problems({ service, virtual: [OK], input: { node: 'node2' } })).toEqual([]);
  });
});

describe('no endpoint', () => {
  const empty = { endpoints: [], ready: 0, selected: 1, notReady: [{ pod: 'db-0', reason: 'Unready' }] };
  const said = (service: Partial<ServiceInfo>) =>
    judged({ service: { ...empty, ...service }, endpoints: [], virtual: [REFUSED] }).findings.find(
      ({ id }) => id === 'NT-SVC-001',
    );

  it('is told with the name that the endpoints have in place of the one that is wanted', () => {
    const { selector: _selector, ...unselected } = SHOP;
    const other = { slice: 'shop-1', offers: ['http (8080/TCP)'], wanted: '' };
    const found = said({ ...unselected, ...empty, selector: undefined, otherPorts: [other] } as never);
    expect(found?.summary).toMatch(
      /no ready endpoint: its EndpointSlice shop-1 has ready endpoints of port http \(8080\/TCP\), and the Service's port has no name: they are matched/,
    );
    expect(remedyOf(found)).toMatch(/kubectl edit endpointslice -n default shop-1$/);
  });

  const link: MisreadLink = {
    namespace: 'default',
    pod: 'shop-0',
    container: 'app',
    isPrevious: true,
    ended: 'Error, exit code 1',
    service: 'shop',
    variable: 'SHOP_PORT',
    value: 'tcp://198.51.100.100:80',
    template: 'deployment/shop',
  };

  it('is the consequence of a container that ends by a variable of a Service', () => {
    const { findings } = judged({
      service: { ...empty, misread: link },
      endpoints: [],
      virtual: [REFUSED],
    });
    const found = findings.find(({ id }) => id === 'NT-SVC-028');
    expect(found).toMatchObject({ severity: 'critical', subject: 'svc/shop' });
    expect(found?.summary).toBe(
      'Container app of pod shop-0 ends (Error, exit code 1) since Kubernetes sets SHOP_PORT=tcp://198.51.100.100:80 in it for Service shop, which its program reads as a setting of its own and complains of: svc/shop has no ready endpoint.',
    );
    expect(remedyOf(found)).toMatch(
      /^Set enableServiceLinks: false in the pod template of deployment\/shop, .*\nkubectl patch -n default deployment\/shop -p '\{"spec":\{"template":\{"spec":\{"enableServiceLinks":false\}\}\}\}'$/,
    );
    const linked = linkCauses(findings.map((one) => ({ ...one, remediation: '' })));
    expect(linked.find(({ id }) => id === 'NT-SVC-001')?.causedBy).toBe('NT-SVC-028');
    const { template: _template, ...bare } = link;
    const ofPod = judged({ service: { ...empty, misread: bare }, endpoints: [], virtual: [REFUSED] });
    expect(remedyOf(ofPod.findings.find(({ id }) => id === 'NT-SVC-028'))).toMatch(
      /^Set enableServiceLinks: false in the pod's spec, [^\n]*$/,
    );
  });

  it('has no such cause while others take the connections', () => {
    const service = { ...empty, leaving: 1, misread: link };
    expect(problems({ service, endpoints: [], virtual: [OK] })).toEqual(['NT-SVC-001 warning']);
    const global = { ...empty, isGlobal: true, misread: link } as const;
    expect(problems({ service: global, endpoints: [], virtual: [OK] })).toEqual([]);
    expect(problems({ service: { misread: link } })).toEqual([]);
  });

  it.each<[string, string[], string[]]>([
    ['all that are called ready refuse', [REFUSED, REFUSED, REFUSED], ['svc/shop']],
    ['it alone refuses', [REFUSED, OK, OK], ['svc/shop → a']],
    ['others refuse', [OK, REFUSED, OK], []],
    ['none refuses', [OK, OK, OK], []],
  ])('is the cause of what an endpoint refuses: %s', (_what, endpoints, subjects) => {
    const { findings } = judged({ service: { misread: { ...link, pod: 'a' } }, endpoints });
    const linked = linkCauses(findings.map((one) => ({ ...one, remediation: '' })));
    expect(linked.filter(({ id }) => id === 'NT-SVC-028').map(({ subject }) => subject)).toEqual(subjects);
    const [first] = subjects;
    if (first !== undefined)
      expect(
        linked.find(({ id, severity }) => id === 'NT-SVC-007' && severity === 'critical')?.causedBy,
      ).toBe('NT-SVC-028');
  });

  it('says what may be, and how to see it', () => {
    const found = said({ suspected: link });
    expect(remedyOf(found)).toMatch(
      /^See why the pods are not ready\. Possible: Kubernetes sets SHOP_PORT=tcp:\S+ in container app for Service shop; .*\nkubectl logs --previous -n default shop-0 -c app\nkubectl describe pods -n default -l app=shop$/,
    );
  });

  it('is no fault of a Service of several clusters that takes connections', () => {
    const service = { ...empty, notReady: [], isGlobal: true } as const;
    const global = judged({ service, endpoints: [], virtual: [OK] });
    expect([global.status, problemsOf(global)]).toEqual(['pass', []]);
    expect(global.summary).toContain('no ready endpoint in this cluster');
    expect(problems({ service, endpoints: [], virtual: [REFUSED] })).toEqual(['NT-SVC-001 critical']);
    // A proxy of a mesh takes what is sent to any Service.
    expect(problems({ service: empty, endpoints: [], virtual: [OK] })).toEqual(['NT-SVC-001 critical']);
  });

  it.each([
    [false, true],
    [true, false],
    [undefined, false],
  ])('asks for names of pods that are not ready where they are not published (%s)', (publishes, asks) => {
    const part = publishes === undefined ? {} : { publishesNotReady: publishes };
    expect(remedyOf(said(part))?.includes('"publishNotReadyAddresses":true')).toBe(asks);
  });
});

describe('connections from outside', () => {
  const local = (rest: object = {}): Partial<ServiceInfo> => ({
    type: 'NodePort',
    outside: { isLocal: true, nodePort: 30080, ...rest },
  });

  it('are dropped by a node that has no endpoint and takes no other', () => {
    const one = judged({ service: local() });
    expect(problemsOf(one)).toEqual(['NT-SVC-011 warning']);
    expect(one.summary).toBe(
      'svc/shop has externalTrafficPolicy Local, and its 3 ready endpoints are on node2, none on node1: what comes from outside to node1 for port 30080 is dropped there.',
    );
  });

  it('are passed by where a load balancer asks for the health of nodes', () => {
    const service = { ...local({ healthCheckNodePort: 31000 }), type: 'LoadBalancer' };
    const one = judged({ service });
    expect(problemsOf(one)).toEqual([]);
    expect(one.findings.find(({ id }) => id === 'NT-SVC-011')?.summary).toMatch(
      /its load balancer has to pass over node1 \(health check on port 31000\)\.$/,
    );
  });

  it.each<[string, Run]>([
    ['an endpoint is there', { service: local(), input: { node: 'node2' } }],
    ['the policy is Cluster', { service: local({ isLocal: false }) }],
    ['the target is no node', { service: { type: 'NodePort' } }],
    [
      'an endpoint may be there',
      { service: { ...local(), endpoints: SHOP.endpoints.map(({ node: _node, ...rest }) => rest) } },
    ],
  ])('are no story where %s', (_why, run) => {
    expect(judged(run).findings.map(({ id }) => id)).not.toContain('NT-SVC-011');
  });
});

describe('session affinity', () => {
  it('is told of an endpoint that fails: the same clients meet it each time', () => {
    const summary = (service: Partial<ServiceInfo>) =>
      judged({ service, endpoints: [SILENT, OK, OK] }).findings.find(({ id }) => id === 'NT-SVC-007')
        ?.summary;
    expect(summary({ affinitySeconds: 600 })).toMatch(/its session affinity \(ClientIP, 600 s\) keeps/);
    expect(summary({})).not.toContain('affinity');
  });
});

describe('hairpin', () => {
  const input = { addresses: ['198.51.100.2'] };
  const twelve = (...endings: string[]) => [
    ...endings,
    ...Array.from({ length: 15 - endings.length }, () => OK),
  ];

  it.each([
    ['no stumbling connection', twelve(), []],
    ['one, which may be chance', twelve(SLOW), []],
    ['two slow ones', twelve(OK, SLOW, SLOW), ['NT-SVC-005 critical']],
    ['a slow and a silent one', twelve(OK, SLOW, SILENT), ['NT-SVC-005 critical']],
    ['one, and the one that is made beside all other probes', twelve(SLOW, SLOW), []],
    ['all of them', Array.from({ length: 15 }, () => SILENT), ['NT-SVC-003 critical']],
  ])('with %s', (_what, virtual, expected) => {
    expect(problems({ input, virtual })).toEqual(expected);
  });

  it.each([
    ['connects', 'ok 613\n', []],
    ['lost its first packet once', `ok 613\ntry\n${SLOW}\n`, []],
    ['lost it twice', `${SLOW}\ntry\n${SLOW}\ntry\nok 613\n`, ['NT-SVC-005 critical']],
    [
      'lost it, and got no answer',
      `${SLOW}\ntry\n${UNANSWERED}try\n${UNANSWERED}try\nok 613\n`,
      ['NT-SVC-005 critical'],
    ],
    ['was cut at once', '', []],
    ['got no answer once', `ok 613\ntry\n${UNANSWERED}try\nok 613\n`, []],
  ])('by a series that %s', (_what, tries, expected) => {
    const series = result(`address 198.51.100.100\ntry\n${tries}`);
    expect(problemsOf(judged({ input, virtual: [OK], series }))).toEqual(expected);
  });

  it('is not looked for where the target is no endpoint', () => {
    expect(problems({ virtual: [SLOW] })).toEqual([]);
    expect(problems({ virtual: [SILENT], input: { addresses: [] } })).toEqual(['NT-SVC-003 critical']);
  });

  it('is no story where an endpoint fails or is slow itself', () => {
    expect(problems({ input, virtual: twelve(OK, SLOW, SLOW), endpoints: [SILENT, OK, OK] })).toEqual([
      'NT-SVC-007 critical',
    ]);
    expect(problems({ input, virtual: twelve(OK, SLOW, SLOW), endpoints: [SLOW, OK, OK] })).toEqual([]);
  });

  it('of an only endpoint needs another Service that works', () => {
    const service = { endpoints: SHOP.endpoints.slice(1, 2), ready: 1 };
    const alone = { input, service, endpoints: [OK], virtual: [SILENT] };
    expect(problems(alone)).toEqual(['NT-SVC-005 critical']);
    expect(problems({ ...alone, reference: SILENT })).toEqual(['NT-SVC-003 critical']);
    // The second packet came to the same endpoint, and was answered.
    expect(problems({ ...alone, virtual: [SLOW] })).toEqual([]);
  });
});

describe('NT-SVC-013', () => {
  const [first, ...rest] = SHOP.endpoints;
  if (first === undefined) throw new Error('no endpoint');
  const service = { endpoints: [{ ...first, otherAddress: '2001:db8::1' }, ...rest] };
  const refused = [REFUSED, REFUSED, REFUSED];

  it('takes the place of a target port that is called wrong', () => {
    const both = { service, endpoints: refused, virtual: [REFUSED], others: OK };
    expect(problems({ ...both, family: OK })).toContain('NT-SVC-013 critical');
    expect(problems({ ...both, family: OK })).not.toContain('NT-SVC-002 critical');
    expect(problems(both)).toContain('NT-SVC-002 critical');
    expect(problems(both)).not.toContain('NT-SVC-013 critical');
  });

  it('is silent where the endpoint answers, whatever its other address does', () => {
    expect(problems({ service, family: REFUSED })).toEqual([]);
    expect(problems({ service, family: OK })).toEqual([]);
  });

  it('leaves to NT-SVC-007 what does not listen at all', () => {
    const one = { service, endpoints: [REFUSED, OK, REFUSED], virtual: [OK] };
    const found = judged({ ...one, family: OK }).findings.map(({ id, summary }) => `${id} ${summary}`);
    expect(found.find((f) => f.startsWith('NT-SVC-013'))).toContain('1 of 3 endpoints');
    expect(found.find((f) => f.startsWith('NT-SVC-007'))).toContain('1 of 3 endpoints');
  });
});

describe('the name', () => {
  it('fails alone', () => {
    expect(problems({ name: 'unresolved' })).toEqual(['NT-SVC-008 critical']);
    expect(problems({ name: SILENT })).toEqual(['NT-SVC-008 critical']);
    expect(problems({ name: SILENT, virtual: [SILENT] })).toEqual(['NT-SVC-003 critical']);
  });

  it('failed once of twice: a packet of DNS that was lost', () => {
    for (const run of [
      { name: 'unresolved', again: OK },
      { name: OK, again: 'unresolved' },
    ]) {
      const one = judged(run);
      expect(one.status).toBe('pass');
      expect(one.findings).toMatchObject([
        { id: 'NT-SVC-008', severity: 'info', summary: expect.stringContaining('once of 2 times') },
      ]);
    }
  });

  it('is for a resolver to know that knows another Service', () => {
    const away = { name: 'unresolved', input: { hasClusterDns: false } };
    const API = '198.51.100.7';
    expect(problems({ ...away, known: API })).toEqual(['NT-SVC-008 critical']);
    expect(judged({ ...away, known: API }).findings[0]?.summary).toContain('has not heard of this Service');
    // Of another cluster.
    expect(problems({ ...away, known: '203.0.113.1' })).toEqual([]);
    expect(judged({ ...away, known: '203.0.113.1' }).findings[0]?.summary).toContain('another cluster');
  });

  it('may be denied by caches while the Service is young', () => {
    const young = { name: 'unresolved', known: '198.51.100.7', service: { ageSeconds: 8 } };
    const [finding] = judged(young).findings;
    expect(finding).toMatchObject({ severity: 'info', summary: expect.stringContaining('made 8 s ago') });
    expect(problems({ ...young, known: 'unresolved' })).toEqual(['NT-SVC-008 critical']);
    // Silence is no denial.
    expect(problems({ ...young, name: SILENT })).toEqual(['NT-SVC-008 critical']);
  });

  it('is not for every resolver to know', () => {
    const elsewhere = judged({ name: 'unresolved', input: { hasClusterDns: false } });
    expect(elsewhere.status).toBe('pass');
    expect(elsewhere.findings.map((f) => [f.id, f.severity])).toEqual([['NT-SVC-008', 'info']]);
  });
});

describe('without an address', () => {
  it('is a remark', () => {
    const { clusterIp: _none, ...headless } = SHOP;
    const one = judgeService(evidence({ 'svc0-endpoint0-reach': tried(OK), 'svc0-name-reach': tried(OK) }), {
      services: [{ ...headless, endpoints: SHOP.endpoints.slice(0, 1), ready: 1 }],
      node: 'node1',
      addresses: [],
      hasClusterDns: true,
    });
    expect(one.status).toBe('pass');
    expect(one.findings.map((f) => f.id)).toEqual(['NT-SVC-006']);
    expect(one.summary).toBe('1 of 1 endpoints of svc/shop answer.');
  });
});

describe('what could not be measured', () => {
  it('is no pass', () => {
    const none = { status: 'missing' as const, code: 127 };
    const one = judgeService(
      evidence({
        'svc0-endpoint0-reach': result('', none),
        'svc0-virtual0-reach': result('', none),
        'svc0-name-reach': result('', none),
      }),
      {
        services: [{ ...SHOP, endpoints: SHOP.endpoints.slice(0, 1), ready: 1 }],
        node: 'node1',
        addresses: [],
        hasClusterDns: true,
      },
    );
    expect(one.status).toBe('error');
    expect(one.summary).toMatch(/could not be measured: the image has no bash/);
    expect(one.findings.map((f) => f.id)).toEqual(['NT-SYS-001']);
  });

  it('counts a datagram without an answer as nothing', () => {
    const silent = 'silent 1051515';
    const service = { protocol: 'udp' as const, port: 9999 };
    const one = judged({ service, endpoints: [silent, silent, silent], virtual: [silent], name: silent });
    expect(one.status).toBe('error');
    expect(problemsOf(one)).toEqual([]);
    expect(problems({ service: { ...service, port: 53 }, endpoints: [silent, OK, OK] })).toEqual([
      'NT-SVC-007 critical',
    ]);
  });
});

describe('NT-SVC-009 of a node without any rule', () => {
  const NONE = 'mode none\n';
  const run = { rules: [NONE, NONE], virtual: [SILENT], reference: SILENT } as const;

  it('leads, and says what answers all the same', () => {
    const [first] = judged(run).findings;
    expect(first).toMatchObject({ id: 'NT-SVC-009', severity: 'critical', subject: 'svc/shop' });
    expect(first?.summary).toMatch(
      /^node1 has no rule of kube-proxy for any Service, in neither mode \(nftables, iptables\): 3 of 3 endpoints of svc\/shop answer, and its cluster IP 198\.51\.100\.100:80 does not \(.*\), nor does the API server's\.$/,
    );
  });

  it.each<[string, Run]>([
    ['the cluster IP works, by whatever means', { ...run, virtual: [OK] }],
    ["the API server's Service works", { ...run, reference: OK }],
    ['rules were there at the beginning', { ...run, rules: ['mode nftables\n', NONE] }],
    ['nothing says that both kinds were read', { ...run, rules: ['', ''] }],
    ['no endpoint answers', { ...run, endpoints: [SILENT, SILENT, SILENT] }],
  ])('is silent where %s', (_title, other) => {
    expect(judged(other).findings.filter(({ id }) => id === 'NT-SVC-009')).toEqual([]);
  });
});
