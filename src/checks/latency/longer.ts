/** The remedy for what was seen too rarely to rule out chance. */
import { advice, nettools, TARGET } from '../../model/advice.ts';

export const MEASURE_LONGER = advice`Measure again for longer; what comes back is worth a look:\n${nettools`latency ${TARGET} --count 200`}`;
