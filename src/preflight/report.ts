/** What a preflight came to, for whatever target. */

import type { Right } from '../targets/preflight.ts';
import { listRights } from '../targets/rights-words.ts';

/** One thing that was asked. */
export interface PreflightItem {
  readonly check: string;
  /** Absent when it is not known. */
  readonly ok?: boolean;
  readonly detail: string;
}

/** All answers; `profile` is what a session would use, absent when there can be none. */
export interface PreflightReport {
  /** Absent outside of clusters. */
  readonly namespace?: string;
  /** Absent when the user may not read the target. */
  readonly pod?: string;
  /** In place of a pod, or the one that the way to it leads by. */
  readonly node?: string;
  /** The Docker container, as the user calls it. */
  readonly docker?: string;
  readonly image: string;
  readonly profile?: string;
  readonly items: readonly PreflightItem[];
}

/** An answer for each right. */
export function rightItems(rights: readonly Right[], missing: readonly Right[]): PreflightItem[] {
  return rights.map((right) => {
    const denied = missing.includes(right);
    return {
      check: `right to ${listRights([right])}`,
      ok: !denied,
      detail: denied ? 'denied by RBAC' : 'granted',
    };
  });
}
