/**
 * A hold on a container: an exec that lives as long as the client, whose process tells everybody in the container that
 * somebody still uses it. It ends by itself when the client is gone, of which its stdin tells.
 */
import { randomBytes } from 'node:crypto';
import { Writable } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import { aliveCommand, beats } from '../channels/alive.ts';
import { discard } from '../channels/output.ts';
import type { ExecPlace } from '../channels/pod-exec.ts';
import { compactScript } from '../channels/script.ts';
import { execStream, PING_DEADLINE_MS } from '../exec/stream.ts';
import type { KubeClient } from '../kube/client.ts';
import HOLDERS from './holders.sh';

/** A hold that is lost is opened again at once, since meanwhile nobody sees it, but not more often than this. */
const RETRY_MS = 1000;

/** One client's hold on one container. */
export class Hold {
  readonly id: string;
  readonly #stop: AbortController;

  private constructor(id: string, stop: AbortController) {
    this.id = id;
    this.#stop = stop;
  }

  /**
   * Resolves when the hold's process runs in the container.
   * @throws ExecRefusedError, ExecLostError or the signal's reason: there is no hold
   */
  static async take(client: KubeClient, place: ExecPlace, signal?: AbortSignal): Promise<Hold> {
    const id = randomBytes(8).toString('hex');
    const stop = new AbortController();
    await new Promise<void>((resolve, reject) => {
      const first = signal === undefined ? stop.signal : AbortSignal.any([stop.signal, signal]);
      void keepHold(client, place, id, first, stop.signal, resolve).catch(reject);
    });
    return new Hold(id, stop);
  }

  /** Lets go; the process in the container ends a moment later. */
  release(): void {
    this.#stop.abort(new Error('the hold is released'));
  }
}

/** Opens the hold again when it is lost, for as long as it is wanted. @param first limits the first opening */
async function keepHold(
  client: KubeClient,
  place: ExecPlace,
  id: string,
  first: AbortSignal,
  wanted: AbortSignal,
  onHeld: () => void,
): Promise<void> {
  const command = aliveCommand(`nettools-hold-${id}`, 'held');
  const endpoint = () => client.execEndpoint({ ...place, command, stdin: true, tty: false });
  let isHeld = false;
  // The server accepts an exec before its process runs: its first word tells.
  const stdout = new Writable({
    write: (_chunk, _encoding, done) => {
      isHeld = true;
      onHeld();
      done();
    },
  });
  const stderr = discard();
  const waiting = new AbortController();
  const onAbort = (): void => {
    if (!isHeld) waiting.abort(first.reason);
  };
  first.addEventListener('abort', onAbort, { once: true });
  try {
    for (;;) {
      const signal = AbortSignal.any([waiting.signal, wanted]);
      const openedAt = performance.now();
      const failure: unknown = await execStream(
        endpoint(),
        { stdin: beats(), stdout, stderr },
        { signal, unreadStdinDeadlineMs: PING_DEADLINE_MS },
      ).then(
        (outcome) =>
          new Error(outcome.kind === 'exit' ? `the hold ended with ${outcome.code}` : outcome.message),
        (error: unknown) => error,
      );
      if (wanted.aborted) return;
      if (!isHeld) throw failure;
      const pause = Math.max(0, openedAt + RETRY_MS - performance.now());
      await delay(pause, undefined, { signal: wanted }).catch(() => undefined);
      if (wanted.aborted) return;
    }
  } finally {
    first.removeEventListener('abort', onAbort);
  }
}

/** The command that prints, in the container, how many holds there are besides this one. */
export function otherHoldersCommand(id: string): string[] {
  return ['sh', '-c', compactScript(HOLDERS), 'nettools-holders', id];
}
