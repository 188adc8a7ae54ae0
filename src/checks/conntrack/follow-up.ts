/** What the conntrack check asks where packets were invalid and a rule drops them: whose they are. Pure. */
import type { Evidence, ProbeCommand } from '../../model/evidence.ts';
import { POD_WORDS } from '../shared/place-words.ts';
import { snapshot } from '../shared/snapshots.ts';
import { strayCapture } from '../shared/stray-answers.ts';
import { type ConntrackInput, grown } from './facts.ts';
import { conntrackFacts } from './gathered.ts';
import { RULE_TOOLS } from './invalid-rules.ts';
import { LATER, OPENING, OWN } from './one-sided.ts';

/** So that an answer is heard twice: nobody acknowledges it, and it is sent again after 1, 2 and 4 s (RFC 6298), and to each SYN that comes again. */
const LISTEN_SECONDS = 4;

export function followConntrack(evidence: Evidence, input: ConntrackInput): readonly ProbeCommand[] {
  const facts = conntrackFacts(evidence, input, POD_WORDS);
  // Of a node the rules were read; elsewhere they are now.
  const isDropped = input.isNode ? facts.dropsInvalid === true : true;
  if (!isDropped || grown(facts, 'invalid') === 0) return [];
  const { argv } = strayCapture;
  return [
    { id: OPENING, argv, timeoutSeconds: LISTEN_SECONDS },
    snapshot('addresses', OWN),
    ...RULE_TOOLS.map((tool) => snapshot(tool, `${tool}${LATER}`)),
  ];
}
