import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { testRegistry } from '../cluster/paths.ts';
import { until } from '../cluster/proc.ts';
import { startSilentServer } from '../servers/silent-server.ts';
import { bash, nettools } from './support/cli.ts';
import { testNamespace } from './support/cluster.ts';
import { appears, disappears, uniqueSleep } from './support/processes.ts';
import { Relay } from './support/relay.ts';
import { ensureTmux, Terminal } from './support/terminal.ts';

const ns = testNamespace('shell');
const shell = (flags = '', rest = '') => `kubectl nettools shell -n ${ns.name} app ${flags} ${rest}`.trim();
/** The prompt of the image's bash. */
const prompt = /nettools:app \S*# $/;

beforeAll(async () => {
  await Promise.all([ensureTmux(), ns.startApps('app', 'plain')]);
});

let terminal: Terminal;
beforeEach(async () => {
  terminal = await Terminal.open();
});
afterEach(() => terminal?.close());

/** The client's process of the one shell that runs. */
async function clientPid(): Promise<number> {
  let found: string[] = [];
  await until('the client', 60, async () => {
    const { stdout } = await bash(`pgrep -f '^[^ ]*kubectl-nettools shell -n ${ns.name} '`);
    found = stdout.split('\n').filter((line) => line !== '');
    return found.length === 1 || `${found.length} found`;
  });
  return Number(found[0]);
}

describe('a shell in a terminal', () => {
  it('has a prompt, the size of the terminal, its resizes, its Ctrl-C, and gives its exit code back', async () => {
    const before = await terminal.local('stty -a');
    await terminal.enter(shell());
    await terminal.shows(prompt);
    // The far side hears of the size a moment after the shell has started.
    await until('the size on the far side', 60, async () => {
      await terminal.enter('stty size');
      return /\n30 100\n/.test(await terminal.text()) || 'not yet';
    });
    await terminal.enter('echo $TERM; tty');
    await terminal.shows(/\n(xterm|tmux|screen)\S*\n\/dev\/pts\/\d+\n/);
    await terminal.resize(120, 40);
    await until('the new size on the far side', 60, async () => {
      await terminal.enter('stty size');
      return /\n40 120\n/.test(await terminal.text()) || 'not yet';
    });
    const mark = uniqueSleep();
    await terminal.enter(`sleep ${mark}`);
    await appears('sleep', mark);
    await terminal.press('C-c');
    await terminal.shows(/\^C\s+nettools:app \S*# $/);
    await disappears(60, 'sleep', mark);
    await terminal.enter('echo "it was $?."');
    await terminal.shows(/\nit was 130\.\n/);
    await terminal.enter('exit 7');
    await terminal.shows(/exit\s+local\$ $/);
    await terminal.enter('echo "code $?."');
    await terminal.shows(/\ncode 7\.\n/);
    await terminal.resize(100, 30);
    // The terminal takes its old size a moment later.
    await until('the terminal as it was', 60, async () => {
      const now = await terminal.local('stty -a');
      return now === before || now;
    });
  });

  it('runs one command where it is given', async () => {
    // The far side hears of the size a moment after the command has started.
    const script = 'until stty size | grep -v "^0 0"; do sleep 0.1; done; test -t 0 && test -t 1 && exit 3';
    const text = await terminal.local(shell('', `-- sh -c '${script}'`));
    expect(text).toMatch(/^30 100$/m);
    expect(text).toMatch(/^\[code 3\]$/m);
  });

  it('is sh where the image has no bash', async () => {
    await terminal.enter(shell('--image localhost/app:1'));
    await terminal.shows(/~ # $/);
    await terminal.enter('echo "shell $BASH_VERSION."; exit');
    await terminal.shows(/\nshell \.\n/);
  });

  it('shows what it waits for on the terminal, and takes it away', async () => {
    await terminal.enter(
      `kubectl nettools run -n ${ns.name} plain --image 198.51.100.250:5000/none:1 -- true; echo "code $?."`,
    );
    await terminal.shows(/starting the ephemeral container/);
    const text = await terminal.shows(/\ncode 3\.\n/);
    expect(text).not.toContain('starting the ephemeral container');
    expect(text).toMatch(/\nerror: the container with image /);
  });
});

describe('the detach keys', () => {
  it.each([
    ['the usual ones', '', ['C-p', 'C-q']],
    ['others', '--detach-keys ctrl-a,d', ['C-a', 'd']],
  ])('leave the shell, which ends on the far side: %s', async (_what, flags, keys) => {
    const before = await terminal.local('stty -a');
    await terminal.enter(shell(flags));
    await terminal.shows(prompt);
    const mark = uniqueSleep();
    await terminal.enter(`sleep ${mark}`);
    await appears('sleep', mark);
    await terminal.press(...keys);
    await terminal.shows(/detached; the shell on the target ends by itself\.\s+local\$ $/);
    await terminal.enter('echo "code $?."');
    await terminal.shows(/\ncode 0\.\n/);
    await disappears(60, 'sleep', mark);
    expect(await terminal.local('stty -a')).toBe(before);
  });

  it.each([
    ['only the first one is pressed', '', ['C-p', 'x'], '10 78'],
    ['there are none', "--detach-keys ''", ['C-p', 'C-q'], '10 11'],
  ])('are passed on when %s', async (_what, flags, keys, bytes) => {
    await terminal.enter(shell(flags));
    await terminal.shows(prompt);
    await terminal.enter('stty raw -echo; head -c 2 | od -An -tx1; stty sane');
    await appears('head', '-c', '2');
    await terminal.press(...keys);
    await terminal.shows(new RegExp(`\\n +${bytes}\\n`));
    await terminal.enter('exit');
    await terminal.shows(/exit\s+local\$ $/);
  });
});

describe('a shell that ends otherwise', () => {
  let folder = '';
  let file = '';
  let relay: Relay;
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'nettools-e2e-'));
    file = join(folder, 'kubeconfig');
    relay = await Relay.start();
    relay.writeKubeconfig(file);
  });
  afterAll(() => {
    relay?.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  /** Opens a shell with a program in it that takes the whole screen, and a process that is to end with it. */
  async function fullScreen(): Promise<string> {
    await terminal.enter(shell(`--kubeconfig ${file}`));
    await terminal.shows(prompt);
    const mark = uniqueSleep();
    await terminal.enter(`sleep ${mark} & tput civis 2>/dev/null || printf '\\033[?25l'; less /etc/services`);
    await appears('sleep', mark);
    await until('the alternate screen', 60, async () => (await terminal.state()).alternate || 'not on');
    return mark;
  }

  it.each([
    ['SIGTERM', 143],
    ['SIGHUP', 129],
  ] as const)('by %s, leaves a whole terminal and nothing on the far side', async (signal, code) => {
    const before = await terminal.local('stty -a');
    const mark = await fullScreen();
    process.kill(await clientPid(), signal);
    await terminal.shows(/local\$ $/);
    expect(await terminal.state()).toEqual({ alternate: false, cursor: true });
    await terminal.enter('echo "code $?."');
    await terminal.shows(new RegExp(`\\ncode ${code}\\.\\n`));
    expect(await terminal.local('stty -a')).toBe(before);
    await disappears(60, 'sleep', mark);
  });

  it('by a connection that is lost, says so, leaves a whole terminal and nothing on the far side', async () => {
    const before = await terminal.local('stty -a');
    const mark = await fullScreen();
    relay.cut();
    await terminal.shows(/error: .*connection.*\n(.*\n)*local\$ $/);
    expect(await terminal.state()).toEqual({ alternate: false, cursor: true });
    await terminal.enter('echo "code $?."');
    await terminal.shows(/\ncode 3\.\n/);
    expect(await terminal.local('stty -a')).toBe(before);
    await disappears(60, 'sleep', mark);
  });

  it('by kill -9, leaves nothing on the far side', async () => {
    await terminal.enter(shell());
    await terminal.shows(prompt);
    const mark = uniqueSleep();
    await terminal.enter(`sleep ${mark}`);
    await appears('sleep', mark);
    process.kill(await clientPid(), 'SIGKILL');
    await disappears(60, 'sleep', mark);
  });

  it('by Ctrl-C before it is there, is 130', async () => {
    const registry = await startSilentServer(testRegistry);
    try {
      await terminal.enter(`${shell(`--image ${testRegistry}/other:1`)}; echo "code $?."`);
      await terminal.shows(/starting the ephemeral container|adding/);
      await terminal.press('C-c');
      await terminal.shows(/\ncode 130\.\n/);
    } finally {
      await registry.close();
    }
  });
});

describe('no terminal on stdin', () => {
  it('is a pipe, with a warning', async () => {
    const outcome = await nettools(['shell', '-n', ns.name, 'app'], {
      input: 'echo "one $((1 + 1))"\ncat <<X\nthree\nX\nexit 5\n',
    });
    expect(outcome).toMatchObject({ code: 5, stdout: 'one 2\nthree\n' });
    expect(outcome.stderr).toBe(
      'warning: stdin is not a terminal, so the shell runs without one and reads commands from it.\n',
    );
  });

  it('is no matter to a command that is given, but is told', async () => {
    const outcome = await nettools(['shell', '-n', ns.name, 'app', '--', 'sh', '-c', 'exit 6']);
    expect(outcome.code).toBe(6);
    expect(outcome.stderr).toBe('warning: stdin is not a terminal, so the command runs without one.\n');
  });

  it('ends with /dev/null at once', async () => {
    expect(await nettools(['shell', '-n', ns.name, 'app'])).toMatchObject({ code: 0, stdout: '' });
  });
});
