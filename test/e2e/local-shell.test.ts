import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { until } from '../cluster/proc.ts';
import { bash } from './support/cli.ts';
import { Lab } from './support/lab.ts';
import { appears, disappears, uniqueSleep } from './support/processes.ts';
import { ensureTmux, Terminal } from './support/terminal.ts';

// A shell on this machine has the user's own terminal: what a user's shell does with a program, it has to do as well.

let lab: Lab;
let terminal: Terminal;
beforeAll(async () => {
  await ensureTmux();
  lab = await Lab.make();
});
afterAll(() => lab?.remove());
beforeEach(async () => {
  terminal = await Terminal.open();
});
afterEach(() => terminal?.close());

const shell = (rest = '') => `PS1='inside$ ' kubectl-nettools shell netns:${lab.name} ${rest}`.trim();
/** An interactive bash that reads no file of whoever runs the tests. */
const plain = '-- bash --noprofile --norc';
const prompt = /inside\$ $/;

/** The client's process of the one shell that runs. */
async function clientPid(): Promise<number> {
  let found: string[] = [];
  await until('the client', 60, async () => {
    const { stdout } = await bash(`pgrep -f '^[^ ]*kubectl-nettools shell netns:${lab.name}'`);
    found = stdout.split('\n').filter((line) => line !== '');
    return found.length === 1 || `${found.length} found`;
  });
  return Number(found[0]);
}

describe('a shell on this machine', () => {
  it('has the namespace, the terminal, its size and its keys, and gives its exit code back', async () => {
    const before = await terminal.local('stty -a');
    await terminal.enter(shell(plain));
    await terminal.shows(prompt);
    await terminal.enter('ip -br link | cut -d" " -f1 | tr "\\n" " "; stty size; tty');
    await terminal.shows(/\nlo eth0@\S+ 30 100\n\/dev\/pts\/\d+\n/);
    await terminal.resize(120, 40);
    await until('the new size', 60, async () => {
      await terminal.enter('stty size');
      return /\n40 120\n/.test(await terminal.text()) || 'not yet';
    });
    const mark = uniqueSleep();
    await terminal.enter(`sleep ${mark}`);
    await appears('sleep', mark);
    await terminal.press('C-c');
    await terminal.shows(/\^C\s+inside\$ $/);
    await disappears(60, 'sleep', mark);
    await terminal.enter('echo "it was $?."; sleep 1000 & kill %1; fg; exit 7');
    await terminal.shows(/\nit was 130\.\n/);
    await terminal.shows(/exit\s+local\$ $/);
    await terminal.enter('echo "code $?."');
    await terminal.shows(/\ncode 7\.\n/);
    await terminal.resize(100, 30);
    await until('the terminal as it was', 60, async () => {
      const now = await terminal.local('stty -a');
      return now === before || now;
    });
  });

  it('leaves Ctrl-C to a program without job control of its own', async () => {
    await terminal.enter(
      `${shell(`-- sh -c 'trap "echo got it; exit 4" INT; echo ready; sleep 20'`)}; echo "code $?."`,
    );
    await terminal.shows(/\nready\s*$/);
    await terminal.press('C-c');
    await terminal.shows(/got it\s+code 4\.\n/);
  });

  it('takes along what was left in the background', async () => {
    await terminal.enter(shell(plain));
    await terminal.shows(prompt);
    const mark = uniqueSleep();
    await terminal.enter(`(sleep ${mark} &)`);
    await appears('sleep', mark);
    await terminal.enter('exit');
    await terminal.shows(/exit\s+local\$ $/);
    await disappears(60, 'sleep', mark);
  });

  it('by SIGTERM leaves a whole terminal and nothing running', async () => {
    const before = await terminal.local('stty -a');
    await terminal.enter(shell(plain));
    await terminal.shows(prompt);
    const mark = uniqueSleep();
    await terminal.enter(`sleep ${mark} & printf '\\033[?25l'; less /etc/services`);
    await until('the alternate screen', 60, async () => (await terminal.state()).alternate || 'not on');
    process.kill(await clientPid(), 'SIGTERM');
    await terminal.shows(/local\$ $/);
    expect(await terminal.state()).toEqual({ alternate: false, cursor: true });
    await terminal.enter('echo "code $?."');
    await terminal.shows(/\ncode 143\.\n/);
    expect(await terminal.local('stty -a')).toBe(before);
    await disappears(60, 'sleep', mark);
  });

  it("by kill -9 leaves nothing running, and the user's own shell goes on", async () => {
    await terminal.enter(shell(plain));
    await terminal.shows(prompt);
    const mark = uniqueSleep();
    await terminal.enter(`sleep ${mark}`);
    await appears('sleep', mark);
    process.kill(await clientPid(), 'SIGKILL');
    await disappears(60, 'sleep', mark);
    await terminal.enter('echo "code $?."');
    await terminal.shows(/\ncode 137\.\n/);
    expect(await terminal.local('echo here')).toMatch(/^here\n/);
  });
});
