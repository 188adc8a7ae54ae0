/** A channel into another network namespace of the machine that an inner channel reaches. */
import type { Channel, RunOptions } from './channel.ts';

/**
 * Runs each command of the inner channel in the network namespace that a file stands for, with util-linux's or
 * busybox's nsenter. Everything but the network stays that of the inner channel: its files, its resolv.conf.
 */
export class NsenterChannel implements Channel {
  readonly #inner: Channel;
  readonly #prefix: readonly string[];

  /** @param path of the namespace as the inner channel sees it: `/proc/1234/ns/net`, `/run/netns/blue` */
  constructor(inner: Channel, path: string) {
    this.#inner = inner;
    this.#prefix = ['nsenter', `--net=${path}`, '--'];
  }

  run(argv: readonly string[], options: RunOptions): Promise<number> {
    return this.#inner.run([...this.#prefix, ...argv], options);
  }

  runWithInput(
    argv: readonly string[],
    input: string,
    options: Omit<RunOptions, 'stdin' | 'terminal'>,
  ): Promise<number> {
    return this.#inner.runWithInput([...this.#prefix, ...argv], input, options);
  }
}
