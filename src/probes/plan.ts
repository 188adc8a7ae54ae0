/** A plan as the runner reads it, and the runner's results as they come back. Pure: text in, data out. */
import type { ProbeCommand, ProbePlan, ProbeResult, ProbeStatus } from '../model/evidence.ts';

/** Writes a plan in the runner's line protocol (see runner.sh). Words may hold anything but NUL. */
export function encodePlan(plan: ProbePlan): string {
  const lines: string[] = [];
  for (const name of usedPlaceholders(plan)) lines.push(`var ${name}`);
  for (const phase of plan.phases) {
    for (const { id, argv, timeoutSeconds } of phase) {
      lines.push(`cmd ${id} ${Math.ceil(timeoutSeconds)} ${argv.length}`);
      for (const word of argv) {
        const text = word.replaceAll('\0', '').split('\n');
        lines.push(String(text.length), ...text);
      }
    }
    lines.push('wait');
  }
  return `${[...lines, 'end'].join('\n')}\n`;
}

function usedPlaceholders(plan: ProbePlan): string[] {
  const used = new Set<string>();
  for (const { argv } of plan.phases.flat()) {
    for (const word of argv) if (/^%[a-z-]+%$/.test(word)) used.add(word.slice(1, -1));
  }
  return [...used];
}

/** What the runner said, piece by piece. */
export type RunnerEvent =
  | { readonly kind: 'variable'; readonly name: string; readonly value: string }
  | { readonly kind: 'result'; readonly result: ProbeResult }
  | { readonly kind: 'phase' }
  | { readonly kind: 'done' }
  | { readonly kind: 'error'; readonly message: string };

/** A header line is short; a longer one is not the runner's. */
const MAX_HEADER = 1024;
/** The runner sends no more of an output (runner.sh, max): who announces more fills this machine's memory. */
const MAX_OUTPUT = 1_048_576;
const STATUSES: readonly ProbeStatus[] = ['exited', 'timeout', 'missing', 'unknown-placeholder'];

/**
 * Decodes the runner's stdout. Outputs are counted, never searched for a mark, so nothing that a command prints can
 * pass for a frame.
 */
export class RunnerDecoder {
  readonly #commands: ReadonlyMap<string, ProbeCommand>;
  readonly #variables = new Map<string, string>();
  #buffer: Buffer = Buffer.alloc(0);

  constructor(plan: ProbePlan) {
    this.#commands = new Map(plan.phases.flat().map((command) => [command.id, command]));
  }

  /**
   * Takes the next bytes and returns what is complete.
   * @throws {Error} the bytes are not the runner's: something else ran in its place
   */
  push(chunk: Uint8Array): RunnerEvent[] {
    this.#buffer = this.#buffer.length === 0 ? Buffer.from(chunk) : Buffer.concat([this.#buffer, chunk]);
    const events: RunnerEvent[] = [];
    for (let event = this.#next(); event; event = this.#next()) events.push(event);
    return events;
  }

  #next(): RunnerEvent | undefined {
    const end = this.#buffer.indexOf(0x0a);
    if (end < 0) {
      if (this.#buffer.length > MAX_HEADER) throw badOutput(this.#buffer);
      return undefined;
    }
    const line = this.#buffer.subarray(0, end).toString('utf8');
    const words = line.split(' ');
    switch (words[0]) {
      case 'nettools-result':
        return this.#result(words.slice(1), end + 1, line);
      case 'nettools-var': {
        const [, name = '', value = ''] = words;
        this.#variables.set(name, value);
        this.#consume(end + 1);
        return { kind: 'variable', name, value };
      }
      case 'nettools-phase':
        this.#consume(end + 1);
        return { kind: 'phase' };
      case 'nettools-done':
        this.#consume(end + 1);
        return { kind: 'done' };
      case 'nettools-error':
        this.#consume(end + 1);
        return { kind: 'error', message: words.slice(1).join(' ') };
      default:
        throw badOutput(this.#buffer.subarray(0, end));
    }
  }

  #result(fields: readonly string[], bodyAt: number, line: string): RunnerEvent | undefined {
    const [id = '', status = '', ...numbers] = fields;
    const [code = NaN, start = NaN, end = NaN, outLength = NaN, errLength = NaN, truncated = NaN] =
      numbers.map(Number);
    const command = this.#commands.get(id);
    const known = STATUSES.find((s) => s === status);
    if (
      !command ||
      !known ||
      outLength > MAX_OUTPUT ||
      errLength > MAX_OUTPUT ||
      ![code, start, end, outLength, errLength, truncated].every((n) => Number.isInteger(n) && n >= 0)
    ) {
      throw badOutput(Buffer.from(line));
    }
    const total = bodyAt + outLength + errLength + 1;
    if (this.#buffer.length < total) return undefined;
    const stdout = this.#buffer.subarray(bodyAt, bodyAt + outLength).toString('utf8');
    const stderr = this.#buffer.subarray(bodyAt + outLength, bodyAt + outLength + errLength).toString('utf8');
    this.#consume(total);
    return {
      kind: 'result',
      result: {
        id,
        command: (command.display ?? command.argv).map((word) => this.#fill(word)),
        status: known,
        code,
        durationMs: (end - start) * 10,
        stdout,
        stderr,
        truncated: truncated === 1,
      },
    };
  }

  #fill(word: string): string {
    return /^%[a-z-]+%$/.test(word) ? this.#variables.get(word.slice(1, -1)) || word : word;
  }

  #consume(length: number): void {
    this.#buffer = this.#buffer.subarray(length);
  }
}

function badOutput(bytes: Uint8Array): Error {
  const quote = Buffer.from(bytes.subarray(0, 120)).toString('utf8');
  return new Error(`the probe runner's output is not what it should be: ${JSON.stringify(quote)}`);
}
