/**
 * Evidence: what the probes brought back, raw and serialisable. Rules judge it and nothing else, so a saved file of
 * it gives the same findings again.
 */

/** One command of a plan. */
export interface ProbeCommand {
  /** Unique in its plan. */
  readonly id: string;
  /**
   * The words of the command. A word `%script:NAME%` stands for the text of one of the probes' scripts. A word that is exactly `%gateway%`, `%dns%`, `%apiserver%` or `%apiserver-port%` is
   * replaced on the target by its default gateway, first name server, or the API server's cluster IP or port; where
   * that is not known there, the command is not run and its status says so.
   */
  readonly argv: readonly string[];
  /** The words of another command that prints all that this one does, and more: where that runs in the same stage, this one need not. */
  readonly coveredBy?: readonly string[];
  /** The command is ended after this many seconds. */
  readonly timeoutSeconds: number;
  /** It listens to what the others of its phase do: it is there before them, and is ended when they have ended. */
  readonly listens?: boolean;
  /** What it sends is on its way before the others of its phase send anything; they do not wait for an answer. */
  readonly leads?: boolean;
  /** What `argv` does in words that fit a report, when it carries a script: shown in place of it. */
  readonly display?: readonly string[];
}

/** Commands in order of phases; those of one phase run at the same time. */
export interface ProbePlan {
  readonly phases: readonly (readonly ProbeCommand[])[];
}

/** How a command ended. `missing`: no such tool there. `unknown-placeholder`: see {@link ProbeCommand.argv}. */
export type ProbeStatus = 'exited' | 'timeout' | 'missing' | 'unknown-placeholder';

/** One command's result. */
export interface ProbeResult {
  readonly id: string;
  /** The words that ran, placeholders filled in; a script is replaced by its `display`. */
  readonly command: readonly string[];
  readonly status: ProbeStatus;
  /** The exit code, when `status` is `exited`. */
  readonly code: number;
  readonly durationMs: number;
  readonly stdout: string;
  readonly stderr: string;
  /** True when an output was longer than the runner carries. */
  readonly truncated: boolean;
}

/** All results of one plan, by command id. */
export type Evidence = Readonly<Record<string, ProbeResult>>;
