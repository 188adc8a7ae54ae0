import { execFileSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { commandLine, lineWords } from '../../../src/model/command-line.ts';

const read = (line: string): string[] =>
  execFileSync('sh', ['-c', `printf '%s\\0' ${line}`], { encoding: 'utf8' })
    .split('\0')
    .slice(0, -1);

describe('a command that is quoted as proof', () => {
  const CURL = ['curl', '-w', '%{http_code} %{time_total}\\n', '--noproxy', '*', 'http://a/?b=1&c=$(id)'];

  it.each([
    [CURL],
    [['bash', '-c', 'echo >/dev/udp/192.0.2.1/53']],
    [['kubectl', 'get', 'pods', '-l', "app in (a,'b c')", '']],
    [['a\\b', '"', "'"]],
  ])('%j is pasted as it ran', (words) => {
    expect(read(commandLine(words))).toEqual(words);
    expect(lineWords(commandLine(words))).toEqual(words);
  });

  it('that needs no quotes has none, nor has the place where it ran or a path with a star', () => {
    const plain = ['ip', 'route', 'get', '192.0.2.1'];
    expect(commandLine(plain)).toBe(plain.join(' '));
    expect(commandLine(['[Docker host]', 'ip', 'addr'])).toBe('[Docker host] ip addr');
    expect(commandLine(['grep', '-H', '.', '/proc/sys/net/ipv4/conf/*/forwarding'])).toBe(
      'grep -H . /proc/sys/net/ipv4/conf/*/forwarding',
    );
  });
});
