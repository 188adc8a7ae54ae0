/** A real terminal with a shell in it, driven by tmux: what a user sees and types. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { installPackages } from '../../cluster/packages.ts';
import { attempt, run, until } from '../../cluster/proc.ts';
import { userEnv } from './cli.ts';

/** Seconds that anything on the screen may take. */
const LIMIT = 60;

/** tmux is all that these tests need beyond the cluster's own packages. */
export async function ensureTmux(): Promise<void> {
  if ((await attempt(['tmux', '-V'])).code !== 0) await installPackages(['tmux']);
}

/** One terminal of a private tmux server. */
export class Terminal {
  readonly #folder = mkdtempSync(join(tmpdir(), 'nettools-e2e-tmux-'));
  readonly #server = ['tmux', '-S', join(this.#folder, 'socket'), '-f', '/dev/null'];
  /** Commands so far: each ends with its own number, or the screen of the one before could be taken for its own. */
  #commands = 0;

  /**
   * Opens a terminal of 100×30 with a shell that has the prompt `local$ `.
   * @param command the shell, without anybody's start-up files
   */
  static async open(
    command = 'bash --noprofile --norc',
    env: NodeJS.ProcessEnv = userEnv,
  ): Promise<Terminal> {
    const terminal = new Terminal();
    // The shell that tmux starts for this line would take PS1 out of the environment.
    const shell = `exec env 'PS1=local$ ' ${command}`;
    const size = ['-x', '100', '-y', '30'];
    const create = ['new-session', '-d', ...size, shell];
    await run([...terminal.#server, ...create], { env });
    try {
      await terminal.shows(/local\$ $/);
    } catch (error) {
      await terminal.close();
      throw error;
    }
    return terminal;
  }

  #tmux(...args: readonly string[]): Promise<string> {
    return run([...this.#server, ...args]);
  }

  async type(text: string): Promise<void> {
    await this.#tmux('send-keys', '-l', '--', text);
  }

  /** Types text and presses Enter. */
  async enter(text: string): Promise<void> {
    await this.type(text);
    await this.#tmux('send-keys', 'Enter');
  }

  /** Presses keys by tmux's names, such as `C-c`. */
  async press(...keys: readonly string[]): Promise<void> {
    await this.#tmux('send-keys', ...keys);
  }

  async resize(columns: number, rows: number): Promise<void> {
    await this.#tmux('resize-window', '-x', String(columns), '-y', String(rows));
  }

  /** The screen and what has scrolled off it, without trailing blank lines. */
  async text(): Promise<string> {
    const screen = await this.#tmux('capture-pane', '-p', '-J', '-S', '-200');
    return screen.trimEnd().replace(/[ \t]+$/gm, (blanks) => blanks.slice(0, 1));
  }

  /** Waits until the text matches; returns it. */
  async shows(pattern: RegExp): Promise<string> {
    let text = '';
    await until(`${pattern} on the terminal`, LIMIT, async () => {
      text = await this.text();
      // The prompt's own blank is trimmed away with the end of the screen.
      return pattern.test(`${text} `) || `it shows:\n${text}`;
    });
    return text;
  }

  /** Runs a command in the local shell, with the screen cleared before; returns what it printed. */
  async local(command: string): Promise<string> {
    await this.#tmux('send-keys', 'C-l');
    const end = `${++this.#commands} code`;
    await this.enter(`clear; ${command}; echo "[${end} $?]"`);
    const text = await this.shows(new RegExp(`\\[${end} \\d+\\]\\n(.*\\n)*local\\$ $`));
    await this.#tmux('clear-history');
    return text.replace(`[${end} `, '[code ');
  }

  /** Whether the alternate screen is on, and whether the cursor can be seen. */
  async state(): Promise<{ alternate: boolean; cursor: boolean }> {
    const answer = await this.#tmux('display-message', '-p', '#{alternate_on} #{cursor_flag}');
    const [alternate, cursor] = answer.trim().split(' ');
    return { alternate: alternate === '1', cursor: cursor === '1' };
  }

  async close(): Promise<void> {
    await attempt([...this.#server, 'kill-server']);
    rmSync(this.#folder, { recursive: true, force: true });
  }
}
