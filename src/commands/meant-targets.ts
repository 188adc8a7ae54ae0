/** The first word is a TARGET, those after it a filter: what was meant as the other is told how it is written. */
import { FilterRefusedError } from '../capture/tcpdump.ts';
import { type Advice, advice, nettools } from '../model/advice.ts';
import type { CaptureDestination, CaptureOptions, ManyTargets, TargetSpec } from '../model/args.ts';
import { UserError } from '../model/errors.ts';
import { ALONE } from '../open/connect.ts';
import { targetName } from '../open/target-name.ts';
import { isPodTarget, resolvePod } from '../targets/resolve.ts';

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

/** Runs a capture at many targets, whose first word may have been meant as a filter: `capture --all icmp`. */
export async function withMeantFilter<T>(
  options: Pick<CaptureOptions, 'connection' | 'capture' | 'destination'>,
  { named, every }: Pick<ManyTargets, 'named' | 'every'>,
  work: () => Promise<T>,
): Promise<T> {
  try {
    return await work();
  } catch (error) {
    const [first, ...more] = named;
    const isFilter = first?.kind === 'name' && FILTER_WORDS.has(first.name);
    if (!every || !isFilter || more.length > 0 || !(error instanceof UserError)) throw error;
    const flags = ['--all', ...flagsOf(options)];
    const command = nettools`capture ${flags} -- ${[first.name, ...options.capture.filter]}`;
    throw new UserError(error.message, error.exitCode, {
      cause: error,
      hint: advice`The first word is a TARGET; a filter alone stands behind a --: ${command}`,
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
  options: Pick<CaptureOptions, 'connection' | 'destination'>,
): Advice {
  const command = nettools`capture ${[...targets, ...flagsOf(options)]} --`;
  const [one] = found;
  if (one === undefined)
    return advice`Words after TARGET are a filter; several TARGETs take a -- after them: ${command}`;
  const what = found.length === 1 ? `"${one}" is a TARGET too` : `${found.join(', ')} are TARGETs too`;
  return advice`${what}, but words after the first are a filter; put a -- after the last TARGET: ${command}`;
}

/** Where it is looked, and where the packets go. */
function flagsOf({
  connection: { namespace },
  destination,
}: Pick<CaptureOptions, 'connection' | 'destination'>): string[] {
  return [...(namespace === undefined ? [] : ['-n', namespace]), ...wordsOf(destination)];
}

function wordsOf(destination: CaptureDestination): string[] {
  switch (destination.kind) {
    case 'wireshark':
      return ['--wireshark'];
    case 'stdout':
      return ['-w', '-'];
    case 'folder':
      // Where nothing else was said.
      return destination.path === '.' ? [] : ['-w', destination.path];
    case 'file':
      return destination.path === undefined ? [] : ['-w', destination.path];
  }
}
