/** The places beside a target: opened before the probes (those of counters meanwhile), asked before and after them, and closed again. */
import { PLACES } from '../checks/places.ts';
import type { CheckId } from '../checks/registry.ts';
import type { Bundle } from '../model/bundle.ts';
import type { Evidence, ProbeResult } from '../model/evidence.ts';
import type { PlaceFailure, PlacePlan, PlaceResult, Places, Where } from '../model/place.ts';
import type { Progress } from '../model/progress.ts';
import { withoutFullStop } from '../model/sentence.ts';
import { gather } from '../probes/gather.ts';
import { PROBE_SCRIPTS } from '../probes/scripts.ts';
import type { Session } from '../targets/session.ts';
import { type BackgroundCommand, NotReadyError, startInBackground } from './background.ts';
import { beginCounters } from './counters.ts';
import type { PreparedCheck } from './prepared-check.ts';

/** What a run has of a place; the target's own session is not the place's to close. */
export type PlaceSession = Pick<Session, 'channel' | 'close' | 'closeSoon'> &
  Partial<Pick<Session, 'budget' | 'notes'>>;

/** What is at hand for it. */
export interface PlacesContext {
  /** On the target itself. */
  readonly session: PlaceSession;
  readonly progress: Progress;
  readonly signal: AbortSignal;
  /** A place that does not open within this many milliseconds is left out. */
  readonly openLimitMs: number;
  /** @throws when it cannot be opened; what it says of that ends a sentence */
  open(where: Exclude<Where, { kind: 'target' }>, signal: AbortSignal): Promise<PlaceSession>;
}

/**
 * Runs `work` with something going on at every place that the checks ask for, and adds what came of it to their
 * evidence. A place that cannot be opened or read never loses the run: the checks learn why.
 */
export async function withPlaces(
  checks: readonly PreparedCheck[],
  context: PlacesContext,
  work: () => Promise<Bundle>,
): Promise<Bundle> {
  const users = checks.flatMap(({ check, input }): User[] => {
    const places = (PLACES as { readonly [id: string]: Places<unknown> | undefined })[check.id as CheckId];
    const plans = places?.plan(input, PROBE_SCRIPTS) ?? [];
    return places === undefined || plans.length === 0 ? [] : [{ id: check.id, input, places, plans }];
  });
  if (users.length === 0) return work();
  const { progress, signal } = context;
  const end = new AbortController();
  const sessions: PlaceSession[] = [];
  const opening = {
    ...context,
    open: oncePerNode(context.open),
    signal: AbortSignal.any([signal, end.signal]),
  };
  const count = users.reduce((sum, { plans }) => sum + plans.length, 0);
  try {
    progress.show(`opening ${count} ${count === 1 ? 'place' : 'places'} beside the target`);
    // Each comes to its end, also when the run is aborted meanwhile: one that opens late has to be closed as well.
    const open = await Promise.all(
      users.map(({ plans }) => Promise.all(plans.map((plan) => openPlace(plan, opening, sessions)))),
    );
    signal.throwIfAborted();
    const bundle = await work();
    progress.show('reading what was seen beside the target');
    for (const session of sessions) session.closeSoon?.();
    const results = await Promise.all(
      open.map((places) => Promise.all(places.map((place) => place.finish()))),
    );
    signal.throwIfAborted();
    return users.reduce((joined, user, i) => withResults(joined, user, results[i] ?? []), bundle);
  } finally {
    end.abort(new Error('the probes are over'));
    await Promise.allSettled(sessions.map(async (session) => session.close()));
  }
}

/** A check that asks for places. */
interface User {
  readonly id: string;
  readonly input: unknown;
  readonly places: Places<unknown>;
  readonly plans: readonly PlacePlan[];
}

function withResults(bundle: Bundle, { id, input, places }: User, results: readonly PlaceResult[]): Bundle {
  const joined = places.join(input, results);
  const checks = bundle.checks.map((check) =>
    check.id === id
      ? { ...check, input: joined.input, evidence: { ...check.evidence, ...joined.evidence } }
      : check,
  );
  return { ...bundle, checks };
}

/** A place that something goes on at, or that failed already. */
interface OpenPlace {
  finish(): Promise<PlaceResult>;
}

async function openPlace(
  plan: PlacePlan,
  context: PlacesContext,
  sessions: PlaceSession[],
): Promise<OpenPlace> {
  const { id, counters } = plan;
  const failed = (error: unknown, wasReady: boolean): PlaceResult => ({
    id,
    evidence: {},
    failure: failureOf(error),
    wasReady,
  });
  if (counters !== undefined) {
    const beginning = sessionAt(plan, context, sessions).then((session) =>
      beginCounters(id, counters, session.channel, context.signal),
    );
    const end = beginning.catch((error: unknown) => failed(error, false));
    return {
      finish: async () => {
        const begun = await end;
        return 'id' in begun ? begun : begun().catch((error: unknown) => failed(error, true));
      },
    };
  }
  try {
    const session = await sessionAt(plan, context, sessions);
    const begun = await begin(plan, session, context.signal);
    return { finish: () => begun().catch((error: unknown) => failed(error, true)) };
  } catch (error) {
    return { finish: async () => failed(error, false) };
  }
}

async function sessionAt(
  { where, label }: PlacePlan,
  { session, open, openLimitMs, progress, signal }: PlacesContext,
  sessions: PlaceSession[],
): Promise<PlaceSession> {
  if (where.kind === 'target') return session;
  const limit = AbortSignal.timeout(openLimitMs);
  let opened: PlaceSession;
  try {
    opened = await open(where, AbortSignal.any([signal, limit]));
  } catch (error) {
    if (limit.aborted && !signal.aborted)
      throw new Error(`it did not open within ${Math.round(openLimitMs / 1000)} s`, { cause: error });
    throw error;
  }
  if (sessions.includes(opened)) return opened;
  sessions.push(opened);
  for (const note of opened.notes ?? []) progress.note(`${label}: ${note}`);
  return opened;
}

/** Two things that go on in one node's network take one session. */
function oncePerNode(open: PlacesContext['open']): PlacesContext['open'] {
  const opened = new Map<string, Promise<PlaceSession>>();
  return (where, signal) => {
    if (where.kind !== 'node') return open(where, signal);
    const key = JSON.stringify(where);
    const session = opened.get(key) ?? open(where, signal);
    opened.set(key, session);
    return session;
  };
}

/** Resolves to what ends the work at the place and gives what came of it. */
async function begin(
  { id, before, during, after }: PlacePlan,
  { channel, budget }: PlaceSession,
  signal: AbortSignal,
): Promise<() => Promise<PlaceResult>> {
  const options = { signal, ...(budget === undefined ? {} : { budget }) };
  const started = performance.now();
  const [read, command] = await Promise.all([
    before === undefined ? {} : gather(channel, before, options),
    during && startInBackground(channel, during, signal),
  ]);
  return async () => {
    const [late] = await Promise.all([
      after === undefined ? {} : gather(channel, after, options),
      during?.printsAtEnd && command?.finish(),
    ]);
    const evidence: Evidence = { ...read, ...late };
    if (command === undefined || during === undefined) return { id, evidence, wasReady: true };
    const ended = await command.stop();
    // One that broke off has not seen what came afterwards. To end with 0 is to have seen enough.
    if (ended && 'error' in ended) throw ended.error;
    if (ended && ended.code !== 0)
      return {
        id,
        evidence: {},
        failure: { kind: 'ended', code: ended.code, lastWords: '' },
        wasReady: true,
      };
    return {
      id,
      evidence: { ...evidence, seen: seenBy(command, during.command, performance.now() - started) },
      wasReady: true,
    };
  };
}

function seenBy({ stdout }: BackgroundCommand, command: readonly string[], ms: number): ProbeResult {
  return {
    id: 'seen',
    command,
    status: 'exited',
    code: 0,
    durationMs: Math.round(ms),
    stdout: stdout.text,
    stderr: '',
    truncated: stdout.isFull,
  };
}

function failureOf(error: unknown): PlaceFailure {
  if (error instanceof NotReadyError) {
    const { outcome, lastWords } = error;
    if (outcome === 'late') return { kind: 'late' };
    if ('code' in outcome) return { kind: 'ended', code: outcome.code, lastWords };
    return failureOf(outcome.error);
  }
  const text = error instanceof Error ? error.message : String(error);
  return { kind: 'error', text: withoutFullStop(text) };
}
