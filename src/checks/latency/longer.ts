/** The remedy of what was seen too seldom to tell it from chance. */
export const MEASURE_LONGER =
  'Measure again for longer; what comes back is worth a look:\nkubectl nettools latency TARGET --count 200';
