import { describe, expect, it } from 'vitest';
import type { FirewallFacts } from '../../../../src/checks/firewall/facts.ts';
import { isExcepted, namesOf, proxyVariablesOf } from '../../../../src/checks/firewall/proxy-variables.ts';
import { proxyVariable } from '../../../../src/checks/firewall/rules/proxy-variable.ts';
import { destination } from '../results.ts';

const PROXY = 'http://198.51.100.9:3128';
const api = destination({
  host: '198.51.100.50',
  label: 'svc/api:80',
  inCluster: true,
  service: { label: 'svc/api:80', part: 'virtual' },
  ref: { kind: 'service', name: 'api', namespace: 'shop' },
});

describe('the variables of a container', () => {
  const of = (...env: { name: string; value?: string }[]) => proxyVariablesOf('app', env);

  it('are read in both spellings, the small one first, as curl does', () => {
    expect(of({ name: 'HTTP_PROXY', value: PROXY })).toEqual({
      container: 'app',
      variable: 'HTTP_PROXY',
      proxy: PROXY,
      exceptions: '',
    });
    expect(of({ name: 'HTTPS_PROXY', value: 'x' }, { name: 'https_proxy', value: 'y' })?.proxy).toBe('y');
    expect(of({ name: 'ALL_PROXY', value: PROXY }, { name: 'no_proxy', value: '.svc' })?.exceptions).toBe(
      '.svc',
    );
  });

  it('name no proxy where they are empty, come from elsewhere, or are none', () => {
    expect(of({ name: 'HTTP_PROXY', value: '' })).toBeUndefined();
    expect(of({ name: 'HTTP_PROXY' })).toBeUndefined();
    expect(of({ name: 'NO_PROXY', value: '*' })).toBeUndefined();
  });

  it.each([
    ['http://user:secret@proxy:3128', 'http://proxy:3128'],
    ['http://user:se/cr@et@proxy:3128', 'http://proxy:3128'],
    ['user:secret@proxy:3128', 'proxy:3128'],
  ])('show no credentials: %s', (value, shown) => {
    expect(of({ name: 'HTTP_PROXY', value })?.proxy).toBe(shown);
  });
});

describe('NO_PROXY', () => {
  const excepts = (exceptions: string) =>
    isExcepted({ container: 'app', variable: 'HTTP_PROXY', proxy: PROXY, exceptions }, namesOf(api));

  it.each([
    '*',
    '.svc',
    'svc',
    '.cluster.local',
    'localhost,.svc.cluster.local',
    'api',
    'api.shop.svc',
    '*.svc',
    '198.51.100.50',
    '10.0.0.0/8, 198.51.100.0/24',
    'API.SHOP',
  ])('excepts it by %s', (exceptions) => {
    expect(excepts(exceptions)).toBe(true);
  });

  it.each(['', 'localhost,127.0.0.1', '.example.com', 'other', 'vc', '10.0.0.0/8', '198.51.100.5'])(
    'does not except it by %j',
    (exceptions) => {
      expect(excepts(exceptions)).toBe(false);
    },
  );
});

describe('NT-PROXY-002', () => {
  const judged = (exceptions: string, to = api) =>
    proxyVariable.judge({
      paths: [{ destination: to }],
      proxies: [{ container: 'app', variable: 'HTTP_PROXY', proxy: PROXY, exceptions }],
    } as unknown as FirewallFacts);

  it('is an info for what is in the cluster', () => {
    expect(judged('localhost')).toMatchObject([
      {
        id: 'NT-PROXY-002',
        severity: 'info',
        summary:
          'Container app has HTTP_PROXY=http://198.51.100.9:3128, and its NO_PROXY does not except svc/api:80 (198.51.100.50): HTTP clients there ask the proxy for it.',
      },
    ]);
  });

  it('is not said of what is excepted, of what lies outside, or of each endpoint', () => {
    expect(judged('.svc')).toEqual([]);
    expect(judged('', destination({ host: 'example.com' }))).toEqual([]);
    const endpoint = { label: 'svc/api:80', part: 'endpoint' } as const;
    expect(judged('', { ...api, service: endpoint })).toEqual([]);
  });
});
