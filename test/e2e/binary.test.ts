import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { repoDir } from '../cluster/paths.ts';
import { bash, expectSentence, nettools } from './support/cli.ts';

const { version } = JSON.parse(readFileSync(join(repoDir, 'package.json'), 'utf8')) as { version: string };

describe('the binary', () => {
  it('knows its version and its commit', async () => {
    const { code, stdout, stderr } = await nettools(['--version']);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toMatch(/^kubectl-nettools v\d+\.\d+\.\d+ \(commit ([0-9a-f]{10}(-dirty)?|unknown)\)\n$/);
    expect(stdout).toContain(` v${version} `);
    expect(JSON.parse((await nettools(['version', '-o', 'json'])).stdout)).toMatchObject({
      version: `v${version}`,
    });
  });

  it('is a plugin of kubectl', async () => {
    expect((await bash('kubectl plugin list 2>/dev/null')).stdout).toMatch(/\/kubectl-nettools$/m);
    const { stdout } = await nettools(['version']);
    expect(await bash('kubectl nettools version')).toMatchObject({ code: 0, stdout, stderr: '' });
  });

  it.each(['--require=/nonexistent', '--no-such-flag', '--inspect-brk', '--max-old-space-size=1'])(
    'does not care about NODE_OPTIONS=%s',
    async (options) => {
      const env = { NODE_OPTIONS: options };
      // The first needs the main bundle only, the second all that Node can be told to load before it.
      expect(await nettools(['--version'], { env })).toMatchObject({ code: 0, stderr: '' });
      expect(await nettools(['version', '-o', 'yaml'], { env })).toMatchObject({ code: 0, stderr: '' });
    },
  );

  it("takes no flag of Node's", async () => {
    expectSentence(
      await nettools(['latency', 'web', '--inspect']),
      2,
      /^error: latency has no flag --inspect\.$/,
    );
  });

  it('says nothing when its reader is gone, and ends as kubectl does', async () => {
    const gone = 'exec 4> >(true); wait $!';
    expect(await bash(`${gone}; kubectl-nettools --help >&4; echo $?`)).toMatchObject({
      stdout: '141\n',
      stderr: '',
    });
  });

  it('says so when its output cannot be written', async () => {
    expectSentence(await bash('kubectl-nettools --help > /dev/full'), 3, /ENOSPC/);
  });

  it.each([
    [['frobnicate'], /^error: unknown command "frobnicate"\.$/],
    [['latency'], /^error: latency needs a TARGET/],
    [['run', 'web', 'ls', '-l'], /^error: put -- before the command/],
  ])('tells wrong usage in one sentence: %j', async (args, says) => {
    expectSentence(await nettools(args), 2, says);
  });
});

describe("kubectl's completion", () => {
  // What bash-completion would give; the words are kubectl's own script's from here on.
  const complete = (...words: string[]) =>
    bash(`
      _get_comp_words_by_ref() { words=("\${COMP_WORDS[@]}"); cword=$COMP_CWORD; cur=\${words[cword]}; prev=\${words[cword-1]}; }
      compopt() { :; }
      source <(kubectl completion bash)
      COMP_WORDS=(kubectl nettools ${words.map((word) => `'${word}'`).join(' ')})
      COMP_CWORD=$((\${#COMP_WORDS[@]} - 1)) COMP_LINE="\${COMP_WORDS[*]}" COMP_POINT=\${#COMP_LINE} COMP_TYPE=9
      __start_kubectl
      printf '%s\\n' "\${COMPREPLY[@]}"`).then(({ stdout, stderr }) => {
      expect(stderr).toBe('');
      return stdout.split('\n').filter((choice) => choice !== '');
    });

  it('offers commands, flags and their values', async () => {
    expect(await complete('latenc')).toEqual(['latency']);
    expect(await complete('latency', '--fail')).toEqual(['--fail-on']);
    expect(await complete('latency', '--output=js')).toEqual(['json']);
  });

  it('offers pods, workloads, namespaces and contexts of the cluster', async () => {
    expect(await complete('latency', 'web-')).toEqual([
      expect.stringMatching(/^web-/),
      expect.stringMatching(/^web-/),
    ]);
    expect(await complete('latency', 'deploy/w')).toEqual(['deploy/web']);
    expect(await complete('latency', 'web', '--to', 'svc/w')).toEqual(['svc/web']);
    expect(await complete('latency', '-n', 'kube-s')).toEqual(['kube-system']);
    expect(await complete('latency', '-n', 'kube-system', 'coredns')).toHaveLength(2);
    expect(await complete('latency', '--context=')).toEqual(['nettools-test']);
  });

  it('offers nothing, and prints nothing, without a cluster', async () => {
    expect(await complete('latency', '--kubeconfig', '/nonexistent', 'w')).toEqual([]);
    expect(await complete('latency', '-s', 'https://127.0.0.1:1', 'w')).toEqual([]);
  });
});
