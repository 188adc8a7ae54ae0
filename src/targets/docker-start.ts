/** A session's container: made, started, and gone again. */
import type { Duplex } from 'node:stream';
import type { Channel } from '../channels/channel.ts';
import { DockerExecChannel } from '../channels/docker-exec.ts';
import type { DockerClient } from '../docker/client.ts';
import { containerName } from '../docker/container.ts';
import { DockerApiError, DockerUnreachableError } from '../docker/errors.ts';
import type { DockerContainer } from '../docker/types.ts';
import { UserError } from '../model/errors.ts';
import { errorWords, withoutFullStop } from '../model/sentence.ts';
import type { DockerSessionSpec } from './docker-container.ts';
import { removeContainer } from './docker-sessions.ts';

/** How long the daemon may take to remove a session's container before the user is told that it did not. */
const REMOVAL_LIMIT_MS = 30_000;

/** A container that runs, and the way into it. */
export interface Started {
  readonly channel: Channel;
  close(): Promise<void>;
}

/** Creates and starts the container. @throws {UserError} exit 3; whatever was made is gone again */
export async function start(
  client: DockerClient,
  target: DockerContainer,
  spec: DockerSessionSpec,
  body: object,
  signal: AbortSignal,
): Promise<Started> {
  let id: string | undefined;
  let lifeline: Duplex | undefined;
  const close = async (): Promise<void> => {
    if (id !== undefined) await removeNow(client, id);
    lifeline?.destroy();
  };
  try {
    // Not to be aborted: the daemon would make the container all the same, and nobody would know of it.
    ({ Id: id } = await client.post<{ readonly Id: string }>('/containers/create', body));
    signal.throwIfAborted();
    if (!spec.keep) lifeline = await holdLifeline(client, id, signal);
    await client.post(`/containers/${id}/start`, undefined, { signal });
  } catch (error) {
    await close();
    if (!(error instanceof DockerApiError)) throw error;
    throw new UserError(
      `the container beside "${containerName(target)}" did not start: ${startFailure(error, spec)}.`,
      3,
      { cause: error },
    );
  }
  return {
    channel: new DockerExecChannel(client, id),
    close: spec.keep ? () => Promise.resolve() : close,
  };
}

/** Attaches to the container's stdin before it starts. The daemon ends that stdin when this process is gone. */
async function holdLifeline(client: DockerClient, id: string, signal: AbortSignal): Promise<Duplex> {
  const query = { stream: '1', stdin: '1' };
  const { socket } = await client.hijack(`/containers/${id}/attach`, undefined, { query, signal });
  // Nothing is ever said on it, and it must not keep this process alive.
  socket.on('error', () => undefined);
  socket.resume();
  return socket;
}

function startFailure({ message }: DockerApiError, { image }: DockerSessionSpec): string {
  const text = withoutFullStop(message.trim());
  if (/exec: "sh": executable file not found/.test(text)) return `image "${image}" has no shell (sh)`;
  if (/exec format error/.test(text)) return `image "${image}" is for another processor architecture`;
  return text;
}

/** Removes the container. It is not an error that it cannot be: the work itself is done, and so it is reported on stderr. */
async function removeNow(client: DockerClient, id: string): Promise<void> {
  try {
    await removeContainer(client, id, AbortSignal.timeout(REMOVAL_LIMIT_MS));
  } catch (error) {
    // The command that used it has been told; the daemon, when it is there again, or the container's idle time removes it.
    if (error instanceof DockerUnreachableError) return;
    const reason = errorWords(error);
    process.stderr.write(`warning: container ${id.slice(0, 12)} could not be removed: ${reason}.\n`);
  }
}
