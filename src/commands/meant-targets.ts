/** Words after TARGET are a filter. One that tcpdump refuses may have been meant as another TARGET: then it is said how. */
import { FilterRefusedError } from '../capture/tcpdump.ts';
import { type Advice, advice, nettools } from '../model/advice.ts';
import type { CaptureDestination, CaptureOptions, TargetSpec } from '../model/args.ts';
import { UserError } from '../model/errors.ts';
import { ALONE } from '../open/connect.ts';
import { isPodTarget, resolvePod } from '../targets/resolve.ts';
import { targetName } from './chosen-targets.ts';

/** As POD or KIND/NAME is written; no operator and no bracket of a filter is. */
const NAME = /^(?:[a-z]+\/)?[a-z0-9][a-z0-9.-]*$/;
/** The words of pcap-filter(7) with which a filter begins; whoever wrote one of them meant a filter. */
const FILTER_WORDS = new Set(
  `and arp broadcast dst ether gateway greater host icmp icmp6 inbound ip ip6 less multicast net not or outbound port portrange
proto rarp sctp src tcp udp vlan`.split(/\s/),
);
/** So many words are asked for: each is a request. */
const MOST_WORDS = 3;
/** For the sake of a hint, nobody waits longer, in ms. */
const PATIENCE_MS = 5_000;

/** Runs a capture at one target. @throws what `work` throws, with the hint that fits the words */
export async function withMeantTargets<T>(
  options: Pick<CaptureOptions, 'connection' | 'capture' | 'destination'>,
  target: TargetSpec,
  signal: AbortSignal,
  work: () => Promise<T>,
): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof FilterRefusedError)) throw error;
    const words = options.capture.filter;
    if (words.length > MOST_WORDS || !words.every(mayBeTarget)) throw error;
    const found = isPodTarget(target) ? await podsAmong(words, options, signal) : [];
    throw new UserError(error.message, error.exitCode, {
      cause: error,
      hint: hintFor([targetName({ spec: target }), ...(found.length > 0 ? found : words)], found, options),
    });
  }
}

function mayBeTarget(word: string): boolean {
  return NAME.test(word) && !FILTER_WORDS.has(word);
}

/** Those of the words that are pods, or workloads with one that runs. */
async function podsAmong(
  words: readonly string[],
  { connection }: Pick<CaptureOptions, 'connection'>,
  signal: AbortSignal,
): Promise<string[]> {
  const ending = AbortSignal.any([signal, AbortSignal.timeout(PATIENCE_MS)]);
  try {
    const client = await ALONE.connect(connection, ending);
    const are = await Promise.all(
      words.map((name) =>
        resolvePod(client, { kind: 'name', name }, ending).then(
          () => true,
          () => false,
        ),
      ),
    );
    return words.filter((_word, i) => are[i]);
  } catch {
    return [];
  }
}

/** @param targets all that may have been meant; `found`: those behind the first that are there */
function hintFor(
  targets: readonly string[],
  found: readonly string[],
  { connection: { namespace }, destination }: Pick<CaptureOptions, 'connection' | 'destination'>,
): Advice {
  const place = namespace === undefined ? [] : ['-n', namespace];
  const command = nettools`capture ${[...targets, ...place, ...wordsOf(destination)]} --`;
  const [one] = found;
  if (one === undefined)
    return advice`Words after TARGET are a filter; several TARGETs take a -- after them: ${command}`;
  const what = found.length === 1 ? `"${one}" is a TARGET too` : `${found.join(', ')} are TARGETs too`;
  return advice`${what}, but words after the first are a filter; put a -- after the last TARGET: ${command}`;
}

function wordsOf(destination: CaptureDestination): string[] {
  switch (destination.kind) {
    case 'wireshark':
      return ['--wireshark'];
    case 'stdout':
      return ['-w', '-'];
    case 'folder':
    case 'file':
      return destination.path === undefined ? [] : ['-w', destination.path];
  }
}
