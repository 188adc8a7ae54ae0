/** A channel into a container that may have ended a moment ago, when the API does not know it yet. */
import { type Channel, ChannelError } from '../channels/channel.ts';

/**
 * How the kubelet, containerd and Docker refuse an exec into a container that has ended; not all of them send a code
 * that tells (k8s.io/kubernetes/pkg/kubelet GetExec; containerd's CRI plugin; moby daemon/container.go).
 */
const ENDED =
  /container not found|container is in CONTAINER_\w+ state|No such container|[Cc]ontainer \w+ is not running/;

/** Whether a refusal says that the container has ended. */
export function hasEnded({ message }: { readonly message: string }): boolean {
  return ENDED.test(message);
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

  run(...args: Parameters<Channel['run']>): Promise<number> {
    return this.#onLiving((channel) => channel.run(...args));
  }

  runWithInput(...args: Parameters<Channel['runWithInput']>): Promise<number> {
    return this.#onLiving((channel) => channel.runWithInput(...args));
  }

  /** A refused exec has run nothing and read nothing of its stdin, so it can be tried again. */
  async #onLiving(work: (channel: Channel) => Promise<number>): Promise<number> {
    try {
      return await work(this.#channel);
    } catch (error) {
      if (!(error instanceof ChannelError && error.kind === 'refused' && this.#isGone(error))) throw error;
      this.#channel = await this.#renew();
      return work(this.#channel);
    }
  }
}
