/** What the engine of the containers is called. Pure. */
import type { Occurrence } from '../../model/finding.ts';
import type { DockerInput } from './facts.ts';

type Engine = Pick<DockerInput, 'isPodman'>;

/** `Docker` or `podman`. */
export function engineName({ isPodman }: Engine): string {
  return isPodman === true ? 'podman' : 'Docker';
}

/** `the Docker host`. */
export function hostText(engine: Engine): string {
  return `the ${engineName(engine)} host`;
}

/** What stands before a command that ran on the host of the engine. */
export const ON_HOST = '[Docker host]';

/** The same finding with its quotes from the host marked as those of this engine's. */
export function markedFor(engine: Engine, found: Occurrence): Occurrence {
  if (engine.isPodman !== true) return found;
  return {
    ...found,
    evidence: found.evidence.map(({ command, ...rest }) => ({
      ...rest,
      command: command.map((word, at) =>
        at === 0 && word === ON_HOST ? `[${engineName(engine)} host]` : word,
      ),
    })),
  };
}
