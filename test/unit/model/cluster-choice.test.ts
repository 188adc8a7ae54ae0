import { execFileSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { clusterChoice, clusterFlags } from '../../../src/model/cluster-choice.ts';

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
