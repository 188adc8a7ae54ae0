/** One exec in a container as it is: no shell, no guard, since an application's image need not have any. */
import { execStream } from '../exec/stream.ts';
import type { KubeClient } from '../kube/client.ts';
import { type Channel, ChannelError, type RunOptions } from './channel.ts';
import type { ExecPlace } from './pod-exec.ts';

/** For programs that end by themselves and read nothing: who is gone ends none of them. */
export class BareExecChannel implements Channel {
  readonly #client: KubeClient;
  readonly #place: ExecPlace;

  constructor(client: KubeClient, place: ExecPlace) {
    this.#client = client;
    this.#place = place;
  }

  async run(argv: readonly string[], { stdout, stderr, signal }: RunOptions): Promise<number> {
    const endpoint = this.#client.execEndpoint({ ...this.#place, command: argv, stdin: false, tty: false });
    const outcome = await execStream(endpoint, { stdout, stderr }, { signal });
    if (outcome.kind === 'exit') return outcome.code;
    throw new ChannelError('failed', `the container's runtime failed on the command: ${outcome.message}`);
  }

  async runWithInput(): Promise<number> {
    throw new ChannelError('refused', 'nothing is read there');
  }
}
