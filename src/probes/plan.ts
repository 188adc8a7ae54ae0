/** A plan as the runner reads it, and the runner's results as they come back. Pure: text in, data out. */
import { compactScript } from '../channels/script.ts';
import { type Budget, FULL_BUDGET } from '../model/budget.ts';
import type { Cost } from '../model/cost.ts';
import type { ProbeCommand, ProbePlan, ProbeResult, ProbeStatus } from '../model/evidence.ts';

/**
 * Processes of a session that are not command of the plan's: the keeper, the guard with what watches for it, the runner;
 * one that listens, one that the runtime is just starting, and some to spare for those that are being replaced.
 */
const OWN_PROCESSES = 12;
/** What these take, in MiB, and what starting them takes for a moment (runc's own process). */
const OWN_MEBIBYTES = 8;
const MEBIBYTE = 1_048_576;

/** A word that stands for the text of a script. */
const SCRIPT_WORD = /^%script:([A-Za-z0-9]+)%$/;

/**
 * Writes a plan in the runner's line protocol (see runner.sh). Words may hold anything but NUL.
 * @param texts of the scripts that the plan's words name; each is sent once
 */
export function encodePlan(
  plan: ProbePlan,
  texts: Readonly<Record<string, string>> = {},
  budget: Budget = FULL_BUDGET,
): string {
  const lines: string[] = [];
  const processes = Math.max(1, budget.processes - OWN_PROCESSES);
  const mebibytes = Math.max(1, Math.floor(budget.memoryBytes / MEBIBYTE) - OWN_MEBIBYTES);
  lines.push(`budget ${processes} ${mebibytes}`);
  // Hundreds of words may name a script: they have the shortest names that there are.
  const scripts = new Map<string, string>();
  for (const word of usedScripts(plan)) {
    const script = texts[word];
    if (script === undefined) continue;
    const name = scripts.size.toString(36);
    scripts.set(word, name);
    const text = compactScript(script).split('\n');
    lines.push(`script ${name} ${text.length}`, ...text);
  }
  const sent = (word: string): string => {
    const name = scripts.get(SCRIPT_WORD.exec(word)?.[1] ?? '');
    return name === undefined ? word : `%script:${name}%`;
  };
  for (const name of usedPlaceholders(plan)) lines.push(`var ${name}`);
  for (const phase of plan.phases) {
    // Who listens has to be there before the others start; who leads, before all but these.
    for (const command of [...phase].sort((a, b) => turnOf(a) - turnOf(b))) {
      const { id, argv, timeoutSeconds } = command;
      lines.push(`${VERBS[turnOf(command)]} ${id} ${Math.ceil(timeoutSeconds)} ${argv.length}`);
      for (const word of argv) {
        const text = sent(word).replaceAll('\0', '').split('\n');
        lines.push(String(text.length), ...text);
      }
    }
    lines.push('wait');
  }
  return `${[...lines, 'end'].join('\n')}\n`;
}

/** What the runner calls them, in the order in which they start. */
const VERBS = ['listen', 'lead', 'cmd'] as const;

function turnOf({ listens = false, leads = false }: ProbeCommand): 0 | 1 | 2 {
  if (listens) return 0;
  return leads ? 1 : 2;
}

function usedScripts(plan: ProbePlan): string[] {
  const words = plan.phases.flat().flatMap(({ argv }) => argv);
  return [...new Set(words.flatMap((word) => SCRIPT_WORD.exec(word)?.[1] ?? []))];
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
  | { readonly kind: 'cost'; readonly cost: Cost }
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
      case 'nettools-cost':
        this.#consume(end + 1);
        return { kind: 'cost', cost: costOf(words.slice(1)) };
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

/** `-` stands for what cannot be read there. */
function costOf([memory, processes, cpu]: readonly string[]): Cost {
  const known = (word: string | undefined): number | undefined =>
    word !== undefined && /^\d{1,15}$/.test(word) ? Number(word) : undefined;
  const [memoryBytes, count, cpuUs] = [known(memory), known(processes), known(cpu)];
  return {
    ...(memoryBytes === undefined ? {} : { memoryPeakBytes: memoryBytes }),
    ...(count === undefined ? {} : { processesPeak: count }),
    ...(cpuUs === undefined ? {} : { cpuSeconds: cpuUs / 1_000_000 }),
  };
}

function badOutput(bytes: Uint8Array): Error {
  const quote = Buffer.from(bytes.subarray(0, 120)).toString('utf8');
  return new Error(`unexpected output of the probe runner: ${JSON.stringify(quote)}`);
}
