/** A channel into another network namespace of the machine that an inner channel reaches. */
import type { Channel, RunOptions } from './channel.ts';
import ENTER from './enter-netns.sh';
import { compactScript } from './script.ts';

/** Files that belong to a network namespace. */
export interface NamespaceFiles {
  /** A folder as the inner channel sees it: what is in it stands in for the file of the same name in /etc. */
  readonly folder?: string;
  /** The text of /etc/resolv.conf. */
  readonly resolvConf?: string;
}

/**
 * Runs each command of the inner channel in the network namespace that a file stands for, with util-linux's or
 * busybox's nsenter. Everything but the network stays that of the inner channel: its files, its resolv.conf.
 */
export class NsenterChannel implements Channel {
  readonly #inner: Channel;
  readonly #prefix: readonly string[];

  /**
   * @param path of the namespace as the inner channel sees it: `/proc/1234/ns/net`, `/run/netns/blue`
   * @param files given, if only as an empty object: commands run in a mount namespace of their own, where /sys is the
   *   namespace's and these files are in place
   */
  constructor(inner: Channel, path: string, files?: NamespaceFiles) {
    this.#inner = inner;
    const enter = ['nsenter', `--net=${path}`, '--'];
    this.#prefix = files === undefined ? enter : [...enter, ...withFiles(files)];
  }

  get inheritsTerminal(): boolean {
    return this.#inner.inheritsTerminal === true;
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

function withFiles({ folder = '', resolvConf = '' }: NamespaceFiles): string[] {
  const script = ['sh', '-c', compactScript(ENTER), 'nettools-enter', folder, resolvConf];
  return ['unshare', '--mount', '--', ...script];
}
