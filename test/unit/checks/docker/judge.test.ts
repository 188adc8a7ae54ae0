import { describe, expect, it } from 'vitest';
import { linkCauses } from '../../../../src/checks/causes.ts';
import type { DockerInput, DockerNetwork } from '../../../../src/checks/docker/facts.ts';
import { judgeDocker } from '../../../../src/checks/docker/judge.ts';
import type { Occurrence } from '../../../../src/model/finding.ts';
import { evidence as gathered, result } from '../results.ts';
import { db, input, lan } from './build.ts';

const docker0: DockerNetwork = { ...lan, name: 'bridge', isDefaultBridge: true };
const RESOLVER = gathered({ 'resolv-conf': result('nameserver 127.0.0.11\n') });

/** The findings with this resolv.conf. */
function judge(more: Partial<DockerInput>, nameserver = '127.0.0.11'): readonly Occurrence[] {
  const evidence = gathered({ 'resolv-conf': result(`nameserver ${nameserver}\n`) });
  return judgeDocker(evidence, input(more)).findings;
}
const ids = (findings: readonly Occurrence[]): string[] =>
  findings.map(({ id, severity }) => `${id} ${severity}`);

describe('a container that has what it needs', () => {
  it('has no finding, and its networks are told', () => {
    const peers = [db, { ...db, destination: '198.18.144.3:80', by: 'address' as const }];
    const published = ['0.0.0.0', '::'].map((hostAddress) => ({
      port: 80,
      protocol: 'tcp' as const,
      hostAddress,
      hostPort: 8080,
    }));
    const judged = judgeDocker(RESOLVER, input({ peers, published }));
    expect(judged).toMatchObject({ status: 'pass', findings: [] });
    expect(judged.summary).toBe('The container is on lan (bridge), and 1 port is published.');
  });

  it.each([
    ['host', /uses the host's network/],
    ['container:0123456789abcdef', /shares the network of container 0123456789ab/],
  ])('is told where it uses the network of another: %s', (mode, says) => {
    const judged = judgeDocker(RESOLVER, input({ mode, networks: [], peers: [db] }));
    expect(judged.findings).toEqual([]);
    expect(judged.summary).toMatch(says);
  });
});

describe('its networks', () => {
  it.each<[string, Partial<DockerInput>, string[]]>([
    ['none that somebody wanted', { mode: 'none', networks: [] }, ['NT-DKR-001 warning']],
    ['none left', { networks: [] }, ['NT-DKR-001 critical']],
    ['an internal one', { networks: [{ ...lan, internal: true }] }, ['NT-DKR-002 warning']],
    ['an internal one and another', { networks: [{ ...lan, internal: true }, lan] }, []],
  ])('%s', (_title, more, expected) => {
    expect(ids(judge(more))).toEqual(expected);
  });
});

describe('a container that DEST means', () => {
  const onOther = { ...db, networks: ['other'] };
  const apart = { ...lan, connectsContainers: false };
  it.each<[string, Partial<DockerInput>, string, string[]]>([
    ['on another network', { peers: [onOther] }, '127.0.0.11', ['NT-DKR-003 critical']],
    [
      'on another network, by address',
      { peers: [{ ...onOther, by: 'address' }] },
      '127.0.0.11',
      ['NT-DKR-003 critical'],
    ],
    ['in the host network', { peers: [{ ...db, networks: ['host'] }] }, '127.0.0.11', []],
    [
      'on the default bridge too',
      { networks: [docker0], peers: [{ ...db, networks: ['bridge'] }] },
      '198.51.100.53',
      ['NT-DKR-004 critical'],
    ],
    [
      'on the default bridge too, by address',
      { networks: [docker0], peers: [{ ...db, networks: ['bridge'], by: 'address' }] },
      '198.51.100.53',
      [],
    ],
    ['not running', { peers: [{ ...db, isRunning: false }] }, '127.0.0.11', ['NT-DKR-005 critical']],
    [
      'not connected by its network',
      { networks: [apart], peers: [db] },
      '127.0.0.11',
      ['NT-DKR-006 critical'],
    ],
    [
      'connected by another network',
      { networks: [apart, { ...lan, name: 'x' }], peers: [{ ...db, networks: ['lan', 'x'] }] },
      '127.0.0.11',
      [],
    ],
  ])('%s', (_title, more, nameserver, expected) => {
    const findings = judge(more, nameserver);
    expect(ids(findings)).toEqual(expected);
    for (const finding of findings) expect(finding.subject).toBe('db:80');
  });

  it('explains what else is found about the same DEST', () => {
    const other = { severity: 'critical', title: '', summary: '', evidence: [], remediation: '' } as const;
    const [, own, strange] = linkCauses([
      ...judge({ peers: [onOther] }),
      { ...other, id: 'NT-FW-001', subject: 'db:80' },
      { ...other, id: 'NT-FW-001', subject: 'elsewhere:80' },
    ]);
    expect(own?.causedBy).toBe('NT-DKR-003');
    expect(strange?.causedBy).toBeUndefined();
  });
});

describe('a published port', () => {
  const port = { port: 5432, protocol: 'tcp', hostAddress: '127.0.0.1', hostPort: 15432 } as const;

  it('is told when the host alone reaches it', () => {
    const [finding] = judge({ published: [port, { ...port, hostAddress: '::1' }] });
    expect(finding).toMatchObject({ id: 'NT-DKR-007', severity: 'info' });
    expect(finding?.summary).toContain('127.0.0.1:15432, [::1]:15432');
  });

  it('is not when one address is open', () => {
    expect(judge({ published: [port, { ...port, hostAddress: '0.0.0.0' }] })).toEqual([]);
  });
});
