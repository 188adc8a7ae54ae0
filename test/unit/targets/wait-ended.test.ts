import { describe, expect, it } from 'vitest';
import type { KubeClient } from '../../../src/kube/client.ts';
import { ApiError } from '../../../src/kube/errors.ts';
import type { WatchEvent } from '../../../src/kube/requests.ts';
import type { Pod } from '../../../src/model/kube-objects.ts';
import { PodDeletedError } from '../../../src/targets/pod-watch.ts';
import { waitEnded } from '../../../src/targets/wait.ts';
import { podWith, type State } from './pods.ts';

function podAs(state: State, resourceVersion: string, uid = 'one'): Pod {
  const made = podWith({ name: 'x', state });
  return { ...made, metadata: { ...made.metadata, resourceVersion, uid } };
}

const expired = new ApiError(410, 'Expired', 'too old resource version: 7 (9)');

/** An API server that has forgotten what came before version 8, and gives `current` to whoever reads the pod anew. */
function forgetful(current: Pod | ApiError, events: readonly WatchEvent<Pod>[]) {
  const asked: string[] = [];
  const client = {
    async *watch(_path: string, { resourceVersion = '' }: Readonly<Record<string, string>>) {
      asked.push(`watch from "${resourceVersion}"`);
      if (resourceVersion === '7') throw expired;
      yield* events;
    },
    async get() {
      asked.push('get');
      if (current instanceof ApiError) throw current;
      return current;
    },
  };
  return { client: client as unknown as KubeClient, asked };
}

const waiting = (client: KubeClient) => waitEnded(client, podAs('running', '7'), 'x', { timeoutMs: 60_000 });

describe('the end of a container of a pod that nothing has changed for long', () => {
  it('is seen in a watch that begins with the pod as it is: its own version is too old, and stays so', async () => {
    const ended = podAs('ended', '10');
    const { client, asked } = forgetful(podAs('running', '7'), [
      { type: 'ADDED', object: podAs('running', '7') },
      { type: 'MODIFIED', object: ended },
    ]);
    expect(await waiting(client)).toBe(ended);
    expect(asked).toEqual(['watch from "7"', 'get', 'watch from ""']);
  });

  it('is that of the pod, if it is gone or another one has its name', async () => {
    const { client } = forgetful(new ApiError(404, 'NotFound', 'pods "web-0" not found'), []);
    await expect(waiting(client)).rejects.toBeInstanceOf(PodDeletedError);
    const { client: replaced } = forgetful(podAs('running', '9', 'two'), []);
    await expect(waiting(replaced)).rejects.toBeInstanceOf(PodDeletedError);
  });
});
