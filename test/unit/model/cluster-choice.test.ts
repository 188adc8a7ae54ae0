import { execFileSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { clusterChoice, clusterFlags, withClusterFlags } from '../../../src/model/cluster-choice.ts';

describe('clusterChoice', () => {
  it('keeps no secret', () => {
    const choice = clusterChoice({
      context: 'c',
      token: 's3cret',
      server: 'https://me:s3cret@api.example:6443/x@y',
    });
    expect(choice).toEqual({ context: 'c', server: 'https://api.example:6443/x@y' });
    expect(clusterChoice({ server: 'me:s3cret@api.example' })).toEqual({ server: 'api.example' });
  });
});

describe('clusterFlags', () => {
  it('has nothing that was not typed', () => {
    expect(clusterFlags({})).toBe('');
    expect(clusterFlags({ namespace: 'shop' })).toBe('');
  });

  it('says all that chooses a cluster or a user', () => {
    const flags = clusterFlags({
      context: 'staging',
      kubeconfig: '/tmp/a b',
      cluster: 'c1',
      user: 'u1',
      server: 'https://api.example:6443',
      as: 'system:serviceaccount:a:b',
      asGroup: ['g1', 'g 2'],
      asUid: '7',
      insecureSkipTlsVerify: true,
    });
    expect(flags).toBe(
      " --context staging --kubeconfig '/tmp/a b' --cluster c1 --user u1 --server https://api.example:6443" +
        " --as system:serviceaccount:a:b --as-uid 7 --as-group g1 --as-group 'g 2' --insecure-skip-tls-verify",
    );
  });

  it.each(['$(id)', "a'b", '`id`', 'a;b', 'a b', '"', '\\', '-x', '*'])(
    'is %j again to a shell',
    (context) => {
      const out = execFileSync('sh', ['-c', `printf '%s\\n' ${clusterFlags({ context })}`], {
        encoding: 'utf8',
      });
      expect(out).toBe(`--context\n${context}\n`);
    },
  );
});

describe('withClusterFlags', () => {
  const staged = (text: string) => withClusterFlags(text, { context: 'staging', namespace: 'shop' });

  it.each([
    // In prose: what can be pasted, and no more.
    ['See (kubectl get pods -A -o wide).', 'See (kubectl --context staging get pods -A -o wide).'],
    ['See kubectl -n kube-system get pods.', 'See kubectl --context staging -n kube-system get pods.'],
    ['kubectl nettools diagnose node/n1', 'kubectl nettools diagnose --context staging node/n1'],
    [
      '"kubectl nettools netns ls n1" lists them.',
      '"kubectl nettools netns ls --context staging n1" lists them.',
    ],
    ['"kubectl nettools netns ls local" lists them.', '"kubectl nettools netns ls local" lists them.'],
    ['kubectl nettools firewall, routing and arp', 'kubectl nettools firewall, routing and arp'],
    // To be filled in by who knows the target.
    ['kubectl nettools run TARGET -- ss', 'kubectl nettools run TARGET -- ss'],
    ['x\nkubectl nettools run TARGET -- ss', 'x\nkubectl nettools run TARGET -- ss'],
    ['x\nkubectl delete pod POD', 'x\nkubectl delete pod POD'],
    // Lines to paste.
    ["x\nkubectl patch service -n a b -p '{}'", "x\nkubectl --context staging patch service -n a b -p '{}'"],
    ['x\nkubectl nettools sockets b -n a', 'x\nkubectl nettools sockets --context staging b -n a'],
    ['x\nkubectl nettools netns ls n1', 'x\nkubectl nettools netns ls --context staging n1'],
    // What a far side named stays one word.
    ["x\nkubectl get 'kubectl get $(id)'", "x\nkubectl --context staging get 'kubectl get $(id)'"],
  ])('%j', (text, expected) => {
    expect(staged(text)).toBe(expected);
    expect(withClusterFlags(text, { namespace: 'shop' })).toBe(text);
  });
});
