/** The targets of a capture, each with a session of its own. */
import type { Channel } from '../channels/channel.ts';
import type { CaptureOptions, TargetSpec } from '../model/args.ts';
import { UserError } from '../model/errors.ts';
import type { Progress } from '../model/progress.ts';
import { ALONE, type Sharing } from '../open/connect.ts';
import { findTarget, type TargetArgs } from '../open/target.ts';
import { targetPlace, targetTitle, targetWord } from '../report/target.ts';
import { ownStreamFilter, without } from './own-stream.ts';

/** A target whose packets can be captured. */
export interface OpenTarget {
  /** As it is shown, and as its interface is named in a file of several: `pod/web-0`, `node/n1 shop/web-0`. */
  readonly name: string;
  /** Where it is. */
  readonly description: string;
  readonly channel: Channel;
  /** What to know before trusting what is captured; sentences without a trailing dot. */
  readonly notes: readonly string[];
  /** In tcpdump's syntax. */
  readonly filter: readonly string[];
  /** Whether its own stream may pass there, on a port that nobody knows. */
  readonly mayMeetItself: boolean;
  close(): Promise<void>;
}

/** Opens all sessions; when one fails, none stays open. @throws {UserError} exit 2: two of them are the same */
export async function openTargets(
  { connection, session, capture }: CaptureOptions,
  targets: readonly TargetSpec[],
  signal: AbortSignal,
  progress: Progress,
): Promise<OpenTarget[]> {
  const opened = await Promise.allSettled(
    targets.map((target) => openTarget({ connection, session, target }, capture.filter, signal, progress)),
  );
  const open = opened.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
  const failed = opened.find((one) => one.status === 'rejected');
  const names = open.map(({ name, description }) => `${name} (${description})`);
  const twice = names.find((name, i) => names.indexOf(name) !== i);
  if (failed === undefined && twice === undefined) {
    for (const note of new Set(open.flatMap(({ notes }) => notes))) progress.note(note);
    return open;
  }
  await Promise.all(open.map((target) => target.close()));
  throw failed?.reason ?? new UserError(`two TARGETs are the same: ${twice}.`, 2);
}

/** Opens a session, which the caller has to close. @throws {UserError} exit 2 or 3 */
export async function openTarget(
  args: TargetArgs,
  filter: readonly string[],
  signal: AbortSignal,
  progress: Progress,
  shared: Sharing = ALONE,
): Promise<OpenTarget> {
  const found = await findTarget(args, signal, shared);
  // Before the session is open: nothing would close it if this failed.
  const ownStream = await ownStreamFilter(found);
  const session = await found.open({ signal, onProgress: (text) => progress.show(text) });
  const { netns } = session.info;
  const word = targetWord(session.info);
  const name = netns === undefined ? word : `${word} ${netns}`;
  return {
    name,
    description: [targetTitle(session.info), targetPlace(session.info)]
      .filter((text) => text !== '')
      .join(', '),
    channel: session.channel,
    notes: [
      ...session.notes,
      ...(ownStream === undefined
        ? []
        : [`${name}: leaving out ${ownStream.join(' ')}, or the capture would capture its own stream`]),
    ],
    filter: ownStream === undefined ? filter : without(filter, ownStream),
    mayMeetItself: ownStream !== undefined,
    close: () => session.close(),
  };
}

/** A name that says what is in the file and when it began, in local time: `web-0-20261126-040512.pcap`. */
export function captureFileName(targets: readonly Pick<OpenTarget, 'name'>[], now: Date): string {
  const [first, ...others] = targets.map(({ name }) => name.replace(/^pod\//, ''));
  const what = others.length === 0 ? (first ?? '') : `${first}-and-${others.length}-more`;
  const two = (number: number): string => String(number).padStart(2, '0');
  const day = `${now.getFullYear()}${two(now.getMonth() + 1)}${two(now.getDate())}`;
  const time = `${two(now.getHours())}${two(now.getMinutes())}${two(now.getSeconds())}`;
  return `${what.replace(/[^\w.-]+/g, '-').replace(/-$/, '')}-${day}-${time}.pcap${others.length === 0 ? '' : 'ng'}`;
}
