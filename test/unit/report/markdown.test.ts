import { describe, expect, it } from 'vitest';
import { renderMarkdown } from '../../../src/report/markdown.ts';
import { hostile, mixed } from './hostile.ts';

describe('renderMarkdown', () => {
  it('has a table of the checks and a section for each finding', async () => {
    await expect(renderMarkdown(mixed)).toMatchFileSnapshot('golden/mixed.md');
  });

  it('escapes what comes from a remote side', async () => {
    await expect(renderMarkdown(hostile)).toMatchFileSnapshot('golden/hostile.md');
  });

  it('lets nothing out of a code block', () => {
    // What is longer than any run of backticks in the evidence opens and closes it.
    expect(renderMarkdown(hostile).match(/^`{5,}/gm)).toHaveLength(2);
  });

  it('has what can be pasted in a code block of its own', () => {
    const [check] = mixed.checks;
    const [finding] = check?.findings ?? [];
    if (!check || !finding) throw new Error('nothing found');
    const remediation = 'Mend it:\nkubectl edit service web\nkubectl get pods';
    const text = renderMarkdown({
      ...mixed,
      checks: [{ ...check, findings: [{ ...finding, remediation }] }],
    });
    expect(text).toContain(
      '**Remedy:** Mend it:\n\n```text\nkubectl edit service web\nkubectl get pods\n```\n',
    );
  });

  it('mentions nobody, links nowhere and holds no HTML', () => {
    const outside = renderMarkdown(hostile).replace(/^`{5}text\n[\s\S]*?^`{5}$/gm, '');
    expect(outside).not.toMatch(/@|<|(?<!\\)\[|:\/\/|www\.|(?<!\\)`/);
  });
});
