/** The command of a session's container. Pure. */
import { compactScript } from '../channels/script.ts';
import KEEPER from './keeper.sh';

/** What marks a container as a session's: the name that its shell goes by. */
const NAME = 'nettools-keeper';

/** The container's own process: it ends after so many seconds in which nothing else ran in the container. */
export function keeperCommand(idleSeconds: number): string[] {
  return ['sh', '-c', verbatim(compactScript(KEEPER)), NAME, String(idleSeconds)];
}

/** The idle time of a command that {@link keeperCommand} made; `undefined` for any other command. */
export function keeperIdleSeconds(command: readonly string[] | undefined): number | undefined {
  return command?.[3] === NAME ? Number(command[4]) : undefined;
}

/** The kubelet replaces `$(NAME)` and `$$` in a container's command; a doubled dollar comes out as the dollar it was. */
function verbatim(text: string): string {
  return text.replaceAll('$', () => '$$');
}
