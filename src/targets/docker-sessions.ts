/** The containers that sessions on a Docker engine have made, whoever made them. */
import type { DockerClient } from '../docker/client.ts';
import { DockerApiError } from '../docker/errors.ts';
import type { DockerListed } from '../docker/types.ts';
import { SESSION_LABEL } from './docker-container.ts';

/** Those that run, and those that have ended or were never started. */
export function listSessionContainers(client: DockerClient, signal: AbortSignal): Promise<DockerListed[]> {
  const filters = JSON.stringify({ label: [SESSION_LABEL] });
  return client.get('/containers/json', { query: { all: '1', filters }, signal });
}

/** Kills and removes a container; resolves when it is gone. */
export async function removeContainer(client: DockerClient, id: string, signal: AbortSignal): Promise<void> {
  try {
    await client.delete(`/containers/${id}`, { query: { force: '1', v: '1' }, signal });
  } catch (error) {
    if (!(error instanceof DockerApiError)) throw error;
    if (error.status === 404) return;
    // The daemon is removing it already.
    if (error.status !== 409) throw error;
    await client
      .post(`/containers/${id}/wait`, undefined, {
        query: { condition: 'removed' },
        signal,
        hasTimeLimit: false,
      })
      .catch((waiting: unknown) => {
        if (!(waiting instanceof DockerApiError && waiting.status === 404)) throw waiting;
      });
  }
}
