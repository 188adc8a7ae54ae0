/** How long a command in a terminal takes to its prompt, and a key press to its echo, as whoever sits there sees it. */
import { type ChildProcess, spawn } from 'node:child_process';

/** Nothing on a terminal takes longer. */
const LIMIT_MS = 20_000;
/** Of a shell's prompt, with what a terminal is told of colours and modes taken away. */
const PROMPT = /[$#] $/;
const CONTROL = /\u001b\[[0-9;?]*[A-Za-z]|\u001b\][^\u0007]*\u0007|\r/g;
const KEYS = 10;

/** Seconds: to the prompt, and the median of the echoes of {@link KEYS} key presses. */
export interface TerminalTiming {
  readonly prompt: number;
  readonly echo: number;
}

/**
 * Runs a command line in a terminal of its own (util-linux's script makes it), waits for the prompt, types, and leaves.
 * @throws when no prompt or no echo comes
 */
export async function timeTerminal(line: string, env: NodeJS.ProcessEnv): Promise<TerminalTiming> {
  const started = performance.now();
  const terminal = spawn('script', ['-qefc', line, '/dev/null'], { env, stdio: ['pipe', 'pipe', 'ignore'] });
  const screen = new Screen(terminal);
  const ended = new Promise<void>((resolve) => terminal.once('close', () => resolve()));
  try {
    await screen.until((text) => PROMPT.test(text));
    const prompt = (performance.now() - started) / 1000;
    const echoes: number[] = [];
    for (let i = 0; i < KEYS; i++) {
      const key = String.fromCharCode('a'.charCodeAt(0) + i);
      const pressed = performance.now();
      terminal.stdin?.write(key);
      await screen.until((text) => text.endsWith(key));
      echoes.push((performance.now() - pressed) / 1000);
    }
    // Ctrl-U takes the line back.
    terminal.stdin?.write('\u0015exit\r');
    await ended;
    return { prompt, echo: echoes.sort((a, b) => a - b)[KEYS / 2] ?? Number.NaN };
  } finally {
    terminal.kill();
  }
}

class Screen {
  #text = '';
  #changed: () => void = () => undefined;
  readonly #ended: Promise<never>;

  constructor({ stdout, ...terminal }: ChildProcess) {
    stdout?.setEncoding('utf8').on('data', (text: string) => {
      this.#text = (this.#text + text).slice(-4096);
      this.#changed();
    });
    this.#ended = new Promise((_, reject) => {
      stdout?.once('close', () => reject(new Error(`${terminal.spawnfile} ended early: ${this.#text}`)));
    });
    this.#ended.catch(() => undefined);
  }

  async until(shows: (text: string) => boolean): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(new Error(`the terminal shows only: ${this.#text}`)), LIMIT_MS);
    });
    try {
      while (!shows(this.#text.replace(CONTROL, ''))) {
        const changed = new Promise<void>((resolve) => {
          this.#changed = resolve;
        });
        await Promise.race([changed, late, this.#ended]);
      }
    } finally {
      clearTimeout(timer);
    }
  }
}
