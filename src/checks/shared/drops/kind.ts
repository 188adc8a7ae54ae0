/** A kind of drop: the kernel's reasons that mean one thing to who has to act on it, and what that is. Pure. */
import type { FindingMeta } from '../../../model/finding.ts';
import { BURST_LIMIT } from '../burst.ts';
import { LOST_PACKETS } from '../effects.ts';

/** The names of reasons come from the running kernel; what people make of them comes from here. */
const SOURCE = 'kernel: include/net/dropreason-core.h';

/** Behind what finds the cause itself, before what only sees that something is lost. */
const DEPTH = 740;

export interface DropKind {
  readonly meta: FindingMeta;
  /** What a sentence says of the packets: `were dropped by …`. */
  readonly words: string;
  /** As `include/net/dropreason-core.h` has them, without SKB_DROP_REASON_; absent: any. */
  readonly reasons?: readonly string[];
  /** Only where one of these functions dropped it, for a reason that means several things. */
  readonly functions?: readonly string[];
  /** Functions that drop for this and name a reason that elsewhere means something else, or none (NOT_SPECIFIED). */
  readonly alsoIn?: Readonly<Record<string, readonly string[]>>;
  /** Pods that come and go have it on every node: as many as there are of them. */
  readonly comesWithPods?: true;
}

interface Described extends Pick<DropKind, 'words'> {
  readonly id: FindingMeta['id'];
  readonly title: string;
  readonly meaning: string;
  readonly remedy: FindingMeta['remedy'];
}

/** What a kind adds to what all of them have in common. */
interface Entry extends Described, Pick<DropKind, 'functions' | 'alsoIn' | 'comesWithPods'> {
  readonly reasons: readonly string[];
  /** `warning`: no sane network has it. `info`: it may be meant; a warning all the same where --to asks for the flow. */
  readonly severity: 'warning' | 'info';
  /** Besides the kernel's list of reasons. */
  readonly source: string;
}

export function dropKind({ id, title, severity, meaning, remedy, source, words, ...fits }: Entry): DropKind {
  const where = (functions?: readonly string[]): string => (functions ? ` in ${functions.join(', ')}` : '');
  const elsewhere = Object.entries(fits.alsoIn ?? {}).map(([reason, names]) => `, ${reason}${where(names)}`);
  const which = `${fits.reasons.join(', ')}${where(fits.functions)}${elsewhere.join('')}`;
  const ofNode = fits.comesWithPods
    ? ', since pods that come and go have it'
    : ` where it is not ${BURST_LIMIT}`;
  const meta: FindingMeta = {
    id,
    title,
    severities: severity === 'info' ? ['info', 'warning'] : ['warning', 'info'],
    meaning,
    rule: `The kernel dropped a packet for one of the reasons ${which}${severity === 'info' ? '; warning where --to asks for its flow, else info' : `; in the diagnosis of a node, which is of whoever's flows, info${ofNode}`}.`,
    source: `${SOURCE}; ${source}`,
    remedy,
    // No two causes have the same depth.
    explains: {
      depth: DEPTH + Number(id.slice(-2)) / 4,
      subject: [...LOST_PACKETS, 'NT-FW-005', 'NT-MTU', 'NT-PATH'],
    },
  };
  return { meta, words, ...fits };
}

/** For all that no other kind is for. */
export function otherKind({ id, title, meaning, remedy, words }: Described): DropKind {
  const rule = 'The kernel dropped a packet for a reason that is in no other finding and not harmless.';
  return { words, meta: { id, title, severities: ['info'], meaning, rule, source: SOURCE, remedy } };
}
