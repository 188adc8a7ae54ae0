/** The sign of life that a client gives to the far side, as long as it lives: a process there, and a line now and then. */
import { Readable } from 'node:stream';
import ALIVE from './alive.sh';
import { compactScript } from './script.ts';

/** A quarter of what the far side waits in alive.sh, a sixth in guard.sh. */
const BEAT_SECONDS = 5;

/**
 * The command of such a process.
 * @param name by which others find it: it stands before the script, in the first line of the process's words
 * @param firstWord what it prints once it runs
 */
export function aliveCommand(name: string, firstWord = ''): string[] {
  return [
    'sh',
    '-c',
    'script=$1; shift; eval "$script"',
    name,
    compactScript(ALIVE),
    String(BEAT_SECONDS),
    firstWord,
  ];
}

/**
 * The stdin of {@link aliveCommand} and of a command whose own stdin tells that the client lives (guard.sh): it beats
 * until it is destroyed.
 * @param input comes first
 */
export function beats(input = ''): Readable {
  let timer: NodeJS.Timeout | undefined;
  return new Readable({
    // Not before somebody reads: an exec that is refused takes nothing of its stdin.
    read() {
      if (timer === undefined && input !== '') this.push(input);
      timer ??= setInterval(() => this.push('\n'), BEAT_SECONDS * 1000);
    },
    destroy(error, done) {
      clearInterval(timer);
      done(error);
    },
  });
}
