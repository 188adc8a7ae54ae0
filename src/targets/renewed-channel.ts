/** A channel into a container that may have ended a moment ago, when the API does not know it yet. */
import { type Channel, ChannelError } from '../channels/channel.ts';
import { ReplayableInput } from './replayable-input.ts';

/**
 * How the kubelet, containerd and Docker refuse an exec into a container that has ended; not all of them send a code
 * that tells (k8s.io/kubernetes/pkg/kubelet GetExec; containerd internal/cri/server/container_execsync.go and its
 * shim's process states; moby daemon/container.go). Each stands before anything of the command has run, though
 * containerd has some of them after the stream was opened.
 */
const ENDED =
  /container not found|container is in CONTAINER_\w+ state|no running task found|cannot exec in a (stopped|deleted) state|No such container|[Cc]ontainer \w+ is not running/;

/** Whether a refusal says that the container has ended. */
export function hasEnded({ message }: { readonly message: string }): boolean {
  return ENDED.test(message);
}

/** The container has ended, or the whole pod is gone. */
export function isGone(refusal: { readonly message: string; readonly status?: number | undefined }): boolean {
  return refusal.status === 404 || hasEnded(refusal);
}

/** Runs commands on the channel; one that is refused because the container has ended runs on another one. */
export class RenewedChannel implements Channel {
  #channel: Channel;
  readonly #renew: () => Promise<Channel>;
  readonly #isGone: (refusal: ChannelError) => boolean;

  /**
   * @param renew gives a channel into a container that runs; called when the one at hand has ended
   * @param isGone whether a refusal says that it has
   */
  constructor(
    channel: Channel,
    renew: () => Promise<Channel>,
    isGone: (refusal: ChannelError) => boolean = hasEnded,
  ) {
    this.#channel = channel;
    this.#renew = renew;
    this.#isGone = isGone;
  }

  async run(...[argv, options]: Parameters<Channel['run']>): Promise<number> {
    if (!options.stdin) return this.#onLiving((channel) => channel.run(argv, options));
    const input = new ReplayableInput(options.stdin);
    try {
      return await this.#onLiving(
        (channel) => channel.run(argv, { ...options, stdin: input.stream() }),
        () => input.isWhole,
      );
    } finally {
      input.end();
    }
  }

  runWithInput(...args: Parameters<Channel['runWithInput']>): Promise<number> {
    return this.#onLiving((channel) => channel.runWithInput(...args));
  }

  async #onLiving(
    work: (channel: Channel) => Promise<number>,
    canRepeat: () => boolean = () => true,
  ): Promise<number> {
    try {
      return await work(this.#channel);
    } catch (error) {
      const isGone = error instanceof ChannelError && error.kind !== 'lost' && this.#isGone(error);
      if (!isGone || !canRepeat()) throw error;
      this.#channel = await this.#renew();
      return work(this.#channel);
    }
  }
}
