import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { installPackages } from '../cluster/packages.ts';
import { kubectlPath, nodes, repoDir } from '../cluster/paths.ts';
import { run } from '../cluster/proc.ts';
import { bash, expectSentence, nettools, userEnv } from './support/cli.ts';
import { ensureTmux, Terminal } from './support/terminal.ts';

const folder = mkdtempSync(join(tmpdir(), 'nettools-e2e-completion-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** A folder on the PATH. */
function bin(name: string): string {
  const path = join(folder, name);
  mkdirSync(path);
  return path;
}

const plugin = bin('plugin');
symlinkSync(join(repoDir, 'dist/kubectl-nettools'), join(plugin, 'kubectl-nettools'));
const program = 'kubectl_complete-nettools';
/** A user's PATH, where the plugin is not beside the completion program of the build. */
const path = [plugin, dirname(kubectlPath()), '/usr/bin', '/bin'];
const env = { ...userEnv, PATH: path.join(delimiter) };

const install = (args: readonly string[], folders: readonly string[]) =>
  nettools(['completion', 'install', ...args], { env: { PATH: folders.join(delimiter) } });

describe('completion install', () => {
  it('puts the program beside the plugin, and sees when it is there', async () => {
    const file = join(plugin, program);
    expect(await install([], [bin('first'), ...path])).toMatchObject({
      code: 0,
      stdout: `wrote ${file}\n`,
      stderr: '',
    });
    expect(await install([], path)).toMatchObject({ code: 0, stdout: `${file} is already in place.\n` });
    // It does what kubectl asks it for.
    const { stdout } = await bash(`${program} latenc`, { env });
    expect(stdout).toMatch(/^latency\t.*\n:4\n$/);
  });

  it('takes the first folder of the PATH that is only ours, where the plugin is on no PATH', async () => {
    const open = bin('open');
    chmodSync(open, 0o777);
    const own = bin('own');
    const { code, stdout } = await install([], ['relative', join(folder, 'missing'), open, own]);
    expect({ code, stdout }).toEqual({ code: 0, stdout: `wrote ${join(own, program)}\n` });
    expectSentence(await install([], [open]), 3, /^error: no folder in PATH is writable\.$/);
  });

  it('leaves what is not its own alone, and makes its own whole again', async () => {
    const chosen = bin('chosen');
    const file = join(chosen, program);
    writeFileSync(file, '#!/bin/sh\necho somebody else\n');
    expectSentence(
      await install(['--dir', chosen], path),
      3,
      /exists and is not this plugin's; nothing was changed/,
    );
    expect(readFileSync(file, 'utf8')).toContain('somebody else');
    rmSync(file);
    symlinkSync('/etc/hostname', file);
    expectSentence(await install(['--dir', chosen], path), 3, /exists and is not this plugin's/);
    rmSync(file);
    expect(await install(['--dir', chosen], path)).toMatchObject({
      code: 0,
      stdout: `wrote ${file}\n`,
      stderr: `${chosen} is not in PATH: kubectl will not find it there.\n`,
    });
    chmodSync(file, 0o644);
    expect(await install(['--dir', chosen], [chosen])).toMatchObject({
      code: 0,
      stdout: `replaced ${file}\n`,
      stderr: '',
    });
  });

  it('says when there is no such folder', async () => {
    expectSentence(await install(['--dir', join(folder, 'missing')], path), 2, /missing is not a folder\.$/);
  });

  it('is not needed by a copy of the binary that has the name of the program', async () => {
    const copy = join(bin('copy'), program);
    await run(['cp', join(repoDir, 'dist/kubectl-nettools'), copy]);
    expect((await bash(`${copy} latenc`)).stdout).toMatch(/^latency\t.*\n:4\n$/);
  });
});

describe('in a shell with kubectl’s own completion', () => {
  const netns = `nettools-e2e-${process.pid}`;
  const [node = ''] = nodes.map(({ name }) => name);

  beforeAll(async () => {
    await ensureTmux();
    const packages = [
      ['/usr/bin/zsh', 'zsh'],
      ['/usr/bin/fish', 'fish'],
      ['/usr/share/bash-completion/bash_completion', 'bash-completion'],
    ] as const;
    const missing = packages.filter(([file]) => !existsSync(file)).map(([, name]) => name);
    if (missing.length > 0) await installPackages(missing);
    await run(['ip', 'netns', 'add', netns]);
    expect(await install([], path)).toMatchObject({ code: 0 });
  });
  afterAll(() => run(['ip', 'netns', 'delete', netns]));

  /** What is typed before the tab key, and what the line is then. */
  const words: readonly (readonly [typed: string, line: string])[] = [
    ['latenc', 'latency'],
    ['sessions st', 'sessions stop'],
    ['completion i', 'completion install'],
    ['latency deploy/w', 'latency deploy/web'],
    ['latency x --to svc/w', 'latency x --to svc/web'],
    [`latency node/${node.slice(0, -1)}`, `latency node/${node.slice(0, -1)}`],
    [`latency netns:${netns.slice(0, -1)}`, `latency netns:${netns}`],
    ['latency x -n kube-s', 'latency x -n kube-system'],
    ['explain NT-TLS-001', 'explain NT-TLS-001'],
    ['explain NT-ARP-00', 'explain NT-ARP-00'],
    ['latency x --fail-on w', 'latency x --fail-on warning'],
  ];

  it.each([
    [
      'bash',
      'bash --noprofile --norc',
      'source /usr/share/bash-completion/bash_completion; source <(kubectl completion bash)',
    ],
    ['zsh', 'zsh -f', 'autoload -Uz compinit; compinit -u -D; source <(kubectl completion zsh)'],
  ])('%s completes words at the tab key', async (_name, shell, setup) => {
    const terminal = await Terminal.open(shell, env);
    try {
      await terminal.local(setup);
      for (const [typed, line] of words) {
        await terminal.local('true');
        await terminal.type(`kubectl nettools ${typed}`);
        await terminal.press('Tab');
        // The shell says nothing when it is done: what is typed after it comes after what it put there.
        await terminal.type('|');
        await terminal.shows(new RegExp(`kubectl nettools ${line.replaceAll('/', '\\/')} ?\\|`));
        await terminal.press('C-c');
      }
      await terminal.local('true');
      await terminal.type('kubectl nettools explain NT-ARP-00');
      await terminal.press('Tab', 'Tab');
      await terminal.shows(/NT-ARP-001(.|\n)*NT-ARP-002(.|\n)*NT-ARP-003/);
    } finally {
      await terminal.close();
    }
  });

  it('fish completes words', async () => {
    const script = [
      'kubectl completion fish | source',
      ...words.map(([typed]) => `complete -C "kubectl nettools ${typed}"; echo ==`),
    ].join('\n');
    const file = join(folder, 'words.fish');
    writeFileSync(file, script);
    const { stdout } = await bash(`fish --no-config ${file}`, { env });
    const offered = stdout.split('==\n').map((part) => part.split('\n').map((one) => one.split('\t')[0]));
    words.forEach(([typed, line], i) => {
      const last = line.split(' ').at(-1) ?? '';
      if (typed !== line) expect(offered[i], typed).toContain(last);
      else expect(offered[i]?.[0], typed).toContain(last);
    });
  });
});
