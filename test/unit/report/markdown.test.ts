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

  it('mentions nobody, links nowhere and holds no HTML', () => {
    const outside = renderMarkdown(hostile).replace(/^`{5}text\n[\s\S]*?^`{5}$/gm, '');
    expect(outside).not.toMatch(/@|<|(?<!\\)\[|:\/\/|www\.|(?<!\\)`/);
  });
});
