/** Listeners at the places on the way of a connection while it is tried. */
import type { PathInput, Place } from '../checks/path/facts.ts';
import { AFTER, BEFORE, evidenceId, watchCommand } from '../checks/path/watch.ts';
import { podsPath } from '../kube/paths.ts';
import type { Bundle } from '../model/bundle.ts';
import type { Evidence, ProbeResult } from '../model/evidence.ts';
import type { Pod } from '../model/kube-objects.ts';
import { gather } from '../probes/gather.ts';
import { targetWord } from '../report/target.ts';
import type { Session } from '../targets/session.ts';
import { NotReadyError, startInBackground } from './background.ts';
import type { Beside } from './company.ts';
import { openPod } from './pod-target.ts';
import { findTarget } from './target.ts';

/**
 * Runs `work` while somebody listens at every place that can be listened at, and adds what was seen to the path
 * check's evidence. What was opened for it is closed again.
 */
export async function withWatchers(
  input: PathInput,
  beside: Beside,
  work: () => Promise<Bundle>,
): Promise<Bundle> {
  const { context, session: target, progress } = beside;
  const sessions: Session[] = [];
  const end = new AbortController();
  const signal = AbortSignal.any([context.signal, end.signal]);
  try {
    progress.show(`opening ${input.places.length} places to listen at`);
    // Each comes to its end, also when the run is aborted meanwhile: one that opens late has to be closed as well.
    const watchers = await Promise.all(
      input.places.map(async (place): Promise<Watcher> => {
        try {
          const session = place.isTarget ? target : await open(place, beside);
          if (!place.isTarget) sessions.push(session);
          if (!place.isTarget && session.info.via === 'node')
            for (const note of session.notes) progress.note(`${targetWord(session.info)}: ${note}`);
          return await watch(session, watchCommand(input, place.id), place, signal);
        } catch (error) {
          return unwatched(place, error);
        }
      }),
    );
    context.signal.throwIfAborted();
    const bundle = await work();
    progress.show('reading what was seen on the way');
    const seen = await Promise.all(watchers.map(seenBy));
    context.signal.throwIfAborted();
    return withEvidence(bundle, Object.assign({}, ...seen.map(({ evidence }) => evidence)), {
      ...input,
      places: seen.map(({ place }) => place),
    });
  } finally {
    end.abort(new Error('the probes are over'));
    await Promise.allSettled(sessions.map((session) => session.close()));
  }
}

/** What was seen at a place, or why nothing was: the run does not fail with a place. */
async function seenBy({ place, finish }: Watcher): Promise<{ place: Place; evidence: Evidence }> {
  try {
    return { place, evidence: await finish() };
  } catch (error) {
    return { place: unwatched(place, error).place, evidence: {} };
  }
}

function unwatched(place: Place, error: unknown): Watcher {
  return { place: { ...place, unwatched: reasonOf(error) }, finish: async () => ({}) };
}

function withEvidence(bundle: Bundle, seen: Evidence, input: PathInput): Bundle {
  const checks = bundle.checks.map((check) =>
    check.id === 'path' ? { ...check, input, evidence: { ...check.evidence, ...seen } } : check,
  );
  return { ...bundle, checks };
}

/** Somebody who listens at a place, or could not. */
interface Watcher {
  readonly place: Place;
  /** Ends the listening and gives what came of it, by the ids of the path check's evidence. */
  finish(): Promise<Evidence>;
}

async function open({ pod, node }: Place, { context, client }: Beside): Promise<Session> {
  const { args, signal } = context;
  // -c and --netns are about the target, not about this place.
  const { container: _container, netns: _netns, ...session } = args.session;
  const options = { signal, onProgress: () => undefined };
  if (pod && client) {
    // As it is now: this run may have added a container to it.
    const found = await client.get<Pod>(podsPath(pod.namespace, pod.name), { signal });
    return openPod(client, found, session, options);
  }
  const target = { kind: 'node', name: node ?? '' } as const;
  return (await findTarget({ connection: args.connection, target, session }, signal)).open(options);
}

/** @throws when nobody can listen there */
async function watch(
  { channel, budget }: Session,
  command: readonly string[],
  place: Place,
  signal: AbortSignal,
): Promise<Watcher> {
  const started = performance.now();
  const [before, listener] = await Promise.all([
    gather(channel, BEFORE, { signal, budget }),
    startInBackground(channel, command, 'listening on', signal),
  ]);
  return {
    place,
    finish: async () => {
      const after = await gather(channel, AFTER, { signal, budget });
      // One that broke off has not seen what came afterwards. To end with 0 is to have seen enough.
      const early = await listener.stop();
      if (early && 'error' in early) throw early.error;
      if (early && early.code !== 0) throw new Error(`tcpdump ended with code ${early.code}`);
      const { stdout } = listener;
      const seen: ProbeResult = {
        id: 'seen',
        command,
        status: 'exited',
        code: 0,
        durationMs: Math.round(performance.now() - started),
        stdout: stdout.text,
        stderr: '',
        truncated: stdout.isFull,
      };
      return Object.fromEntries(
        Object.entries({ ...before, ...after, seen }).map(([id, result]) => [
          evidenceId(place.id, id),
          { ...result, id: evidenceId(place.id, id) },
        ]),
      );
    },
  };
}

/** Why nobody listens at a place, in words that end a sentence. */
function reasonOf(error: unknown): string {
  if (!(error instanceof NotReadyError)) return sentenceEnd(error);
  const { outcome, lastWords } = error;
  if (outcome === 'late') return 'tcpdump does not begin to listen';
  if ('error' in outcome) return sentenceEnd(outcome.error);
  if (/permission|Operation not permitted/i.test(lastWords))
    return 'listening needs NET_RAW: use --profile netadmin';
  if (outcome.code === 127 || /not found|No such file/.test(lastWords)) return 'the image has no tcpdump';
  return lastWords || `tcpdump ended with code ${outcome.code}`;
}

function sentenceEnd(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).replace(/\.$/, '');
}
