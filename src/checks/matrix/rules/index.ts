import { cutOff } from './cut-off.ts';
import { dnsDiffers } from './dns-differs.ts';
import { family } from './family.ts';
import { noPattern } from './no-pattern.ts';
import { oneWay } from './one-way.ts';
import { overlay } from './overlay.ts';
import { pair } from './pair.ts';
import { protocol } from './protocol.ts';
import { receiving } from './receiving.ts';
import { sending } from './sending.ts';
import { serviceDiffers } from './service-differs.ts';
import type { Pattern } from './shared.ts';
import { size } from './size.ts';
import { worse } from './worse.ts';

/** In the order of the IDs; each story has one. */
export const MATRIX_PATTERNS: readonly Pattern[] = [
  receiving,
  sending,
  cutOff,
  pair,
  oneWay,
  overlay,
  protocol,
  size,
  family,
  dnsDiffers,
  serviceDiffers,
  worse,
  noPattern,
];
