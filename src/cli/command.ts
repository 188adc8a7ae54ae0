import type { CompletionKind, ConnectionFlags, TargetSpec } from '../model/args.ts';
import type { Example } from '../model/check-about.ts';
import type { Flag } from '../model/flag.ts';
import type { Values } from './values.ts';

/** One command that does something, as the parser, the help and the completion see it. */
export interface Command {
  /** One word, or two for a command within another (`sessions ls`). */
  readonly name: string;
  /** One line for the list of commands. */
  readonly summary: string;
  /** What the summary does not say; none for a command that explains itself. */
  readonly details?: string;
  /** What may follow the name, without the flags. */
  readonly synopsis: string;
  readonly examples: readonly Example[];
  /** Its own flags; those of every command come on top. */
  readonly flags: readonly Flag[];
  /** Whether its first word is a TARGET. */
  readonly takesTarget: boolean;
  /** Whether more TARGETs may follow the first one. */
  readonly takesTargets?: boolean;
  /** What completion offers for its first word, where that is not every TARGET. */
  readonly completesWord?: CompletionKind | 'file';
  /** Whether words may follow TARGET without a `--`. */
  readonly takesMore: boolean;
  /** Whether its first word is a machine and its second one a network namespace there. */
  readonly takesNamespace?: boolean;
  /** Whether a command, or what else the synopsis says, may follow after `--`. */
  readonly takesRest: boolean;
  /**
   * Turns the words and flags into what the handler takes.
   * @throws UserError with exit code 2 when they make no sense
   */
  prepare(values: Values): PreparedCommand;
}

export interface PreparedCommand {
  readonly args: unknown;
  /** Loads the handler's code, runs it and resolves to the exit code. */
  run(): Promise<number>;
}

interface CommandDefinition<Args> extends Omit<Command, 'prepare' | 'takesMore' | 'takesRest'> {
  readonly takesMore?: boolean;
  readonly takesRest?: boolean;
  toArgs(values: Values): Args;
  /** An import() of the handler, so that its code is not loaded before it is needed. */
  load(): Promise<(args: Args) => number | Promise<number>>;
}

/** Ties a handler to its arguments' type; the rest of the command line need not know that type. */
export function defineCommand<Args>(definition: CommandDefinition<Args>): Command {
  const { toArgs, load, takesMore = false, takesRest = false, ...rest } = definition;
  return {
    ...rest,
    takesMore,
    takesRest,
    prepare(values) {
      const args = toArgs(values);
      return {
        args,
        run: async () => {
          await connectEarly(args);
          return (await load())(args);
        },
      };
    },
  };
}

/** The kinds of targets that are in a cluster. */
const IN_CLUSTER: ReadonlySet<string> = new Set<TargetSpec['kind']>(['name', 'selector', 'node']);

/** Of a command on one target of a cluster: the server's part of the handshake is done while the command is loaded. */
async function connectEarly(args: unknown): Promise<void> {
  const { target, connection } = args as { target?: Partial<TargetSpec>; connection?: ConnectionFlags };
  if (connection === undefined || !IN_CLUSTER.has(target?.kind ?? '')) return;
  const { connectEarly: begin } = await import('../commands/connect-early.ts');
  await begin(connection);
  // Sends what the handshake begins with.
  await new Promise((resolve) => setImmediate(resolve));
}
