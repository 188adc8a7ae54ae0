/** Where no pod may have the rights to listen to the kernel's drops, everything else is measured as before. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { until } from '../cluster/proc.ts';
import { nettools } from './support/cli.ts';
import { kubectl, pod, testNamespace } from './support/cluster.ts';
import { problems, validReport } from './support/report.ts';

const ns = testNamespace('nodrops');
const allows =
  "object.spec.containers.all(c, !has(c.securityContext) || !has(c.securityContext.capabilities) || !has(c.securityContext.capabilities.add) || !('BPF' in c.securityContext.capabilities.add))";
const policy = (name: string) => [
  {
    apiVersion: 'admissionregistration.k8s.io/v1',
    kind: 'ValidatingAdmissionPolicy',
    metadata: { name },
    spec: {
      failurePolicy: 'Fail',
      matchConstraints: {
        resourceRules: [
          { apiGroups: [''], apiVersions: ['v1'], operations: ['CREATE'], resources: ['pods'] },
        ],
      },
      validations: [{ expression: allows, message: 'no program goes into our kernels' }],
    },
  },
  {
    apiVersion: 'admissionregistration.k8s.io/v1',
    kind: 'ValidatingAdmissionPolicyBinding',
    metadata: { name },
    spec: {
      policyName: name,
      validationActions: ['Deny'],
      matchResources: {
        namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': ns.name } },
      },
    },
  },
];
const probe = {
  ...pod('probe'),
  spec: {
    containers: [
      { name: 'c', image: 'localhost/app:1', securityContext: { capabilities: { add: ['BPF'] } } },
    ],
  },
};

const reportOf = async (...words: string[]) => {
  const { stdout, stderr } = await nettools([...words, '-n', ns.name, '-o', 'json']);
  expect(stdout, stderr).toMatch(/^\{/);
  return validReport(JSON.parse(stdout));
};

beforeAll(async () => {
  await ns.start(
    pod('client', { spec: { nodeName: 'node1' } }),
    pod('server', { spec: { nodeName: 'node2' } }),
  );
  for (const object of policy(ns.name)) await kubectl(['create', '-f', '-'], JSON.stringify(object));
  await until('the policy', 60, async () => {
    const said = await kubectl(
      ['create', '-n', ns.name, '--dry-run=server', '-f', '-'],
      JSON.stringify(probe),
    ).catch(String);
    return said.includes('no program goes into our kernels') || said;
  });
});

afterAll(async () => {
  const kinds = 'validatingadmissionpolicy,validatingadmissionpolicybinding';
  await kubectl(['delete', kinds, ns.name, '--ignore-not-found']);
});

test('--deep follows the probe, and says that reasons of drops were not measured', async () => {
  const report = await reportOf('firewall', 'client', '--to', 'pod/server:8080', '--deep');
  expect(problems(report)).toEqual([]);
  expect(report.verdict).toBe('pass');
  const path = report.checks.find(({ id }) => id === 'path');
  expect(path?.status).toBe('pass');
  const said = path?.findings.map(({ summary }) => summary).join('\n');
  expect(said).toMatch(/reasons of drops on node1/);
  expect(said).toMatch(/the kernel refuses the program: it takes the capabilities BPF and PERFMON/);
});

test('a diagnosis of a node goes on without', async () => {
  const report = await reportOf('diagnose', 'node/node1');
  expect(problems(report)).toEqual([]);
  const drops = report.checks.find(({ id }) => id === 'drops');
  expect(drops?.summary).toMatch(/What the kernel drops was not measured: the kernel refuses the program/);
  expect(report.checks.find(({ id }) => id === 'conntrack')?.status).toBe('pass');
});
