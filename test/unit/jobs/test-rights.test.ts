/** What a file of expectations may do in the cluster: what its words need, where they need it. */
import { describe, expect, it } from 'vitest';
import { parseTarget } from '../../../src/cli/flags/target.ts';
import { parseNetworkTests } from '../../../src/expectations/parse.ts';
import { type TestPlaces, testRights } from '../../../src/jobs/test-rights.ts';

const PLACES: TestPlaces = {
  namespace: 'home',
  debugNamespace: 'home',
  asksNodes: true,
  usesNodes: false,
  targetOf: parseTarget,
};

/** `verb resource`, by namespace; those of the cluster below an empty one. */
function rightsOf(tests: string, places: Partial<TestPlaces> = {}): Record<string, string[]> {
  const text = `apiVersion: nettools/v1\nkind: NetworkTest\nmetadata: {name: a}\ntests:\n${tests}`;
  const words = { targetProblem: () => undefined, destProblem: () => undefined };
  const { namespaced, cluster } = testRights(parseNetworkTests(text, 'a.yaml', words), {
    ...PLACES,
    ...places,
  });
  return Object.fromEntries(
    [...namespaced, ...(cluster.length === 0 ? [] : [['', cluster] as const])].map(([namespace, rules]) => [
      namespace,
      rules.flatMap(({ resources, verbs }) => verbs.map((verb) => `${verb} ${resources.join()}`)),
    ]),
  );
}

const CHANGES = /^(?:create|patch|delete|update)/;
const changes = (rights: readonly string[] = []): string[] =>
  rights.filter((right) => CHANGES.test(right)).sort();

describe('the rights of a file', () => {
  it('let it into the pods of its namespace, and nowhere else', () => {
    const rights = rightsOf('  - {from: deploy/web, to: svc/db:5432, expect: connected}');
    expect(Object.keys(rights)).toEqual(['home']);
    expect(changes(rights['home'])).toEqual(['create pods/exec', 'patch pods/ephemeralcontainers']);
  });

  it('let it read what it goes to in another namespace, and change nothing there', () => {
    const rights = rightsOf(`  - {from: deploy/web, to: 'svc/db.data:5432', expect: connected}
  - {from: deploy/web, to: {selector: app=x, namespace: cache, port: '80'}, expect: connected}`);
    expect(Object.keys(rights)).toEqual(['cache', 'data', 'home']);
    for (const namespace of ['cache', 'data']) {
      expect(changes(rights[namespace])).toEqual([]);
      expect(rights[namespace]).toEqual(
        expect.arrayContaining([
          'get pods',
          'list pods',
          'get services',
          'list endpointslices',
          'list networkpolicies',
        ]),
      );
    }
  });

  it('let it into the pods of a source that is elsewhere', () => {
    const rights = rightsOf(
      '  - {from: {selector: app=web, namespace: shop}, dns: db, expect: {answers: 1}}',
    );
    expect(Object.keys(rights)).toEqual(['shop']);
    expect(changes(rights['shop'])).toEqual(['create pods/exec', 'patch pods/ephemeralcontainers']);
  });

  it('let it make pods on nodes where it measures from nodes, in the debug namespace alone', () => {
    const rights = rightsOf('  - {from: {nodes: all}, to: {nodes: all}, expect: {loss: 0%}}', {
      debugNamespace: 'debug',
    });
    expect(changes(rights['debug'])).toEqual([
      'create pods',
      'create pods/exec',
      'delete pods',
      'patch pods',
    ]);
    expect(rights['']).toEqual(['get nodes', 'list nodes']);
    expect(Object.keys(rightsOf('  - {from: node/n1, dns: db, expect: {answers: 1}}'))).toEqual(['home', '']);
  });

  it('let it make pods on nodes where a denial is to be proven, unless no node is asked', () => {
    const denied = '  - {from: deploy/web, to: svc/db:5432, expect: denied}';
    expect(rightsOf(denied)['home']).toContain('create pods');
    expect(rightsOf(denied, { asksNodes: false })['home']).not.toContain('create pods');
  });
});
