/** All findings. */
import type { FindingMeta } from '../model/finding.ts';
import { CHECKS } from './registry.ts';
import { SKIPPED } from './shared/skipped.ts';

/** One for each ID, in the order of the IDs. */
export const FINDINGS: readonly FindingMeta[] = [
  ...new Map(
    [...Object.values(CHECKS).flatMap((check) => check.findings), SKIPPED].map((meta) => [meta.id, meta]),
  ).values(),
].sort((a, b) => (a.id < b.id ? -1 : 1));
