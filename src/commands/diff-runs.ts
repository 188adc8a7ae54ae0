/** What `diff` alone needs: in the bundle of the formats that few ask for, so that no other command loads it. */
import { htmlDiffText } from '../console/late-formats.ts';
import type { Diff } from '../model/diff.ts';
import type { DiffFormat } from '../model/diff-args.ts';
import { renderDiff } from '../report/diff.ts';

export { compare } from '../compare/compare.ts';

/** Ends with a newline. @param options of a terminal */
export function diffText(
  diff: Diff,
  format: DiffFormat,
  options: { readonly colour: boolean; readonly width: number },
): string {
  return format === 'html' ? htmlDiffText(diff) : renderDiff(diff, format, options);
}
