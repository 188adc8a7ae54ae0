/** Reads the list of a machine's network namespaces. */
import { Writable } from 'node:stream';
import type { Channel } from '../channels/channel.ts';
import { TextOutput } from '../channels/output.ts';
import { compactScript } from '../channels/script.ts';
import { GatherError } from './gather-error.ts';
import NETNS_LIST from './netns-list.sh';

/** A namespace costs some ten milliseconds. */
const LIMIT_MS = 60_000;
/** Ten thousand interfaces have 10 MB. */
const MAX_BYTES = 64 * 1024 * 1024;

/**
 * What netns-list.sh prints on a machine.
 * @param root where the machine's files are, as the channel's commands see them: empty for the machine itself
 * @throws {GatherError} the script did not come to its end
 * @throws {import('../channels/channel.ts').ChannelError} it could not be run
 */
export async function readNamespaces(channel: Channel, root: string, signal: AbortSignal): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  const stdout = new Writable({
    write: (chunk: Buffer, _encoding, done) => {
      bytes += chunk.length;
      chunks.push(chunk);
      done(bytes > MAX_BYTES ? new GatherError('the list of namespaces is longer than 64 MB.') : null);
    },
  });
  const stderr = new TextOutput(4096);
  const limit = AbortSignal.timeout(LIMIT_MS);
  try {
    const code = await channel.run(['sh', '-c', compactScript(NETNS_LIST), 'nettools-netns', root], {
      stdout,
      stderr,
      signal: AbortSignal.any([signal, limit]),
    });
    if (code !== 0) {
      const last = stderr.text.trim().split('\n').at(-1) || `exit code ${code}`;
      throw new GatherError(`the namespaces could not be listed: ${last}.`);
    }
  } catch (error) {
    signal.throwIfAborted();
    if (!limit.aborted) throw error;
    throw new GatherError(`the list of namespaces did not come within ${LIMIT_MS / 1000} s.`);
  }
  return Buffer.concat(chunks).toString('utf8');
}
