/** NT-SOCK-011: connections that no program accepts. */
import { describe, expect, it } from 'vitest';
import type { SocketsInput } from '../../../../src/checks/sockets/facts.ts';
import { judgeSockets } from '../../../../src/checks/sockets/judge.ts';
import { parseUnaccepted } from '../../../../src/parsers/unaccepted.ts';
import { evidence, result } from '../results.ts';

const WAITING = 'ESTAB 0 0 198.18.61.2:8081 198.18.60.2:59604 ino:0 sk:13814c cgroup:unreachable:1 <->\n';
const ASKED = 'CLOSE-WAIT 79 0 [::ffff:198.18.61.2]:8081 [::ffff:198.18.60.2]:59802 ino:0 sk:1 -->\n';
const LATER = 'ESTAB 0 0 198.18.61.2:8081 198.18.60.2:60001 ino:0 sk:2 <->\n';

function judged(before: string, after: string, input: Partial<SocketsInput> = {}) {
  const run = evidence({
    listeners: result('tcp LISTEN 2 9 *:8081 *:* users:(("python3",pid=7,fd=3))\n'),
    'listeners-after': result('tcp LISTEN 2 9 *:8081 *:* users:(("python3",pid=7,fd=3))\n'),
    'unaccepted-before': result(before),
    'unaccepted-after': result(after),
  });
  return judgeSockets(run, { expected: [], portShare: 0.9, ...input }).findings.filter(
    ({ id }) => id === 'NT-SOCK-011',
  );
}

describe('NT-SOCK-011', () => {
  it('is of a connection that waits from the beginning of the run to its end', () => {
    const [found, ...more] = judged(WAITING + ASKED, ASKED + WAITING + LATER);
    expect(more).toEqual([]);
    expect(found).toMatchObject({
      severity: 'warning',
      summary:
        'On TCP port 8081 2 connections wait since before the run, and python3 accepts none of them: whoever connects gets a connection, and no answer, though some have sent their request.',
    });
    expect(found?.evidence[0]?.excerpt).toContain('ino:0');
  });

  it('is an info on a host', () => {
    expect(judged(WAITING, WAITING, { isHost: true })).toMatchObject([{ severity: 'info' }]);
  });

  it.each([
    ['another one waits at the end', WAITING, LATER],
    ['none waits at the end', WAITING, ''],
    ['none waited when it began', '', WAITING],
    ['nothing could be read', 'no ss\n', 'no ss\n'],
  ])('is silent where %s', (_what, before, after) => {
    expect(judged(before, after)).toEqual([]);
  });
});

describe('parseUnaccepted', () => {
  it('reads what has no inode alone', () => {
    const taken = WAITING.replace('ino:0', 'ino:54889580');
    expect(parseUnaccepted(taken + ASKED)).toMatchObject([
      { address: '198.18.61.2', port: 8081, received: 79 },
    ]);
    expect(parseUnaccepted('no awk\n')).toBe('there is no awk');
  });
});
