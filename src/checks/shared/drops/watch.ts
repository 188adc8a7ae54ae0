/** Watching drops beside the probes of a run: the watcher is told to end when they are over. Pure. */
import type { Evidence } from '../../../model/evidence.ts';
import type { PlaceFailure, PlaceResult } from '../../../model/place.ts';

/** Longer than a run takes. */
export const WATCH_SECONDS = 900;
/** What the watcher prints as soon as it watches. */
export const WATCH_READY = '"watching"';

/** Why a kernel does not tell what it drops, in words that end a sentence. */
export function whyNoDrops(failure: PlaceFailure): string {
  switch (failure.kind) {
    case 'late':
      return 'nettools-drops does not begin to watch';
    case 'error':
      return failure.text;
    case 'ended': {
      const { code, lastWords } = failure;
      if (code === 127 || /not found|No such file/.test(lastWords)) return 'the image has no nettools-drops';
      // `CODE: WORDS`, as the watcher prints it.
      return lastWords.replace(/^[a-z-]+: /, '') || `nettools-drops ended with code ${code}`;
    }
  }
}

/** What it printed, as the result of the command `drops`. */
export function evidenceOfWatch({ evidence: { seen } }: PlaceResult): Evidence {
  return seen === undefined ? {} : { drops: { ...seen, id: 'drops' } };
}
