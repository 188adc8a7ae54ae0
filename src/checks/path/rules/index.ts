/** The rules of the path check, in the order of the way. */
import type { Rule } from '../../shared/rule.ts';
import type { PathsFacts } from '../facts.ts';
import { between } from './between.ts';
import { destination } from './destination.ts';
import { destinationNode } from './destination-node.ts';
import { DROPPED } from './dropped.ts';
import { fullBuffer } from './full-buffer.ts';
import { fullQueue } from './full-queue.ts';
import { otherSource } from './other-source.ts';
import { ownAddress } from './own-address.ts';
import { refusedThere } from './refused-there.ts';
import { source } from './source.ts';
import { sourceNode } from './source-node.ts';
import { wayBack } from './way-back.ts';

export const PATH_RULES: readonly Rule<PathsFacts>[] = [
  otherSource,
  source,
  sourceNode,
  between,
  ownAddress,
  destinationNode,
  destination,
  refusedThere,
  wayBack,
  fullQueue,
  fullBuffer,
  ...DROPPED,
];
