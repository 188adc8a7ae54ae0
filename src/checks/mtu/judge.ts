/** From the evidence of an mtu run to its result: pure, so that saved evidence gives the same result again. */

import type { Judgement } from '../../model/check.ts';
import type { Evidence } from '../../model/evidence.ts';
import type { PlaceWords } from '../../model/place-words.ts';
import type { ReasonCode } from '../../model/reason.ts';
import type { Json } from '../../model/report.ts';
import { allowedMtu } from '../../parsers/path-mtu.ts';
import { conclude, type Outcome } from '../shared/judgement.ts';
import { POD_WORDS } from '../shared/place-words.ts';
import { because, tell } from '../shared/reason.ts';
import { Skips } from '../shared/skipped.ts';
import { least, most } from '../shared/statistics.ts';
import { announcer, type MtuFacts, type MtuInput, type MtuPath } from './facts.ts';
import { mtuFacts } from './gathered.ts';
import { MTU_RULES } from './rules/index.ts';

export function judgeMtu(evidence: Evidence, input: MtuInput, words: PlaceWords = POD_WORDS): Judgement {
  const facts = mtuFacts(evidence, input);
  return conclude(evidence, {
    found: MTU_RULES.flatMap((rule) => rule.judge(facts)),
    skips: skipped(facts, words),
    measurements: { destinations: facts.paths.map(pathJson) },
    otherwise: () => outcome(facts, input, words),
  });
}

function isMeasured({ icmp, transfer }: MtuPath): boolean {
  return icmp.value?.pathMtu !== undefined || transfer?.value !== undefined;
}

/** Nothing wrong is a pass only where something was measured, and all that the user asked for. */
function outcome({ paths }: MtuFacts, { transfer }: MtuInput, words: PlaceWords): Outcome {
  const missing = paths.find((p) => p.destination.role === 'asked' && !isMeasured(p));
  // As a part of a diagnosis it does without transfers; what then cannot be measured is not a failure.
  if (missing && transfer)
    return {
      status: 'error',
      summary: `${missing.destination.label} could not be measured: ${reason(missing, words)}.`,
    };
  const measured = paths.filter(isMeasured);
  if (measured.length === 0)
    return {
      status: 'skip',
      summary: `Nothing could be measured: ${paths[0] ? reason(paths[0], words) : 'there is nothing to measure to'}.`,
    };
  const sizes = paths.flatMap((path) => path.icmp.value?.pathMtu ?? []);
  if (sizes.length === 0) return byTransfers(measured, paths);
  const [low, high] = [least(sizes), most(sizes)];
  const range = low === high ? `${low}` : `${low} to ${high}`;
  const summary = `${measured.length} of ${paths.length} destinations measured; packets of ${range} bytes get through.`;
  // The gateway that answers is no sign of a way to what the user asked for.
  const asked = paths.filter(({ destination }) => destination.role === 'asked');
  return { status: asked.length > 0 && !asked.some(isMeasured) ? 'skip' : 'pass', summary };
}

/** Without the answer to a single echo request. */
function byTransfers(measured: readonly MtuPath[], paths: readonly MtuPath[]): Outcome {
  const stalled = measured.find(({ transfer }) => transfer?.value?.outcome !== 'done');
  if (stalled)
    return {
      status: 'error',
      summary: `The connection to ${stalled.destination.label} stalls, and no packet of any size was seen to get through: that is no matter of size.`,
    };
  return {
    status: 'pass',
    summary: `Full segments get through to ${measured.length} of ${paths.length} destinations.`,
  };
}

const NO_ECHO = because('it answers no echo request');

/** Why a path has no result, in the words of whatever was tried last. */
function reason({ icmp, transfer }: MtuPath, words: PlaceWords): string {
  const echo = tell(icmp.skipped ?? NO_ECHO, words);
  return transfer?.skipped === undefined ? echo : `${echo}, and TCP: ${tell(transfer.skipped, words)}`;
}

/** Nothing that a user could do anything about. */
const EXPECTED: ReadonlySet<ReasonCode | undefined> = new Set(['no-place', 'itself']);

function skipped({ paths }: MtuFacts, words: PlaceWords): Skips {
  const skips = new Skips(words);
  for (const path of paths) {
    const { destination, icmp, transfer } = path;
    const isExpected =
      destination.service?.part === 'virtual' || EXPECTED.has(icmp.skipped?.code) || isMeasured(path);
    if (!isExpected) skips.add(icmp.skipped ?? NO_ECHO, `path MTU to ${destination.label}`);
    skips.add(transfer?.skipped, `TCP transfer to ${destination.label}`);
  }
  return skips;
}

function pathJson({ destination, icmp, transfer }: MtuPath): Json {
  const found = icmp.value;
  const socket = transfer?.value?.socket;
  return {
    name: destination.label,
    role: destination.role,
    address: found?.address ?? transfer?.value?.address ?? null,
    device: found?.link?.device ?? null,
    allowedMtu: (found && allowedMtu(found)) ?? null,
    pathMtu: found?.pathMtu ?? null,
    announcedBy: found?.announcements[0] === undefined ? null : announcer(found.announcements[0]),
    ...(icmp.skipped === undefined ? {} : { skipped: tell(icmp.skipped) }),
    ...(transfer === undefined
      ? {}
      : {
          transfer: transfer.value
            ? { outcome: transfer.value.outcome, mss: socket?.mss ?? null, rttMs: socket?.rtt ?? null }
            : { skipped: tell(transfer.skipped) },
        }),
  };
}
