/** The remedy of what was seen too seldom to tell it from chance. */
import { advice, nettools, TARGET } from '../../model/advice.ts';

export const MEASURE_LONGER = advice`Measure again for longer; what comes back is worth a look:\n${nettools`latency ${TARGET} --count 200`}`;
