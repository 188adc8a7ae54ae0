import { describe, expect, it } from 'vitest';
import { deadLinks } from '../../../scripts/lib/links.ts';

const files: Readonly<Record<string, string>> = {
  'docs/a.md': '# A page: of `code`, and more\n\n## Twice\n\n## Twice\n\n```sh\n# no heading\n```\n',
  'docs/rbac': '',
  LICENSE: 'x',
};

const dead = (text: string): string[] =>
  deadLinks('docs/page.md', (file) => (file === 'docs/page.md' ? text : files[file])).map(
    ({ line, target }) => `${line} ${target}`,
  );

describe('deadLinks', () => {
  it.each([
    '[a](a.md)',
    '[a](./a.md#a-page-of-code-and-more)',
    '[a](a.md#twice) and [b](a.md#twice-1)',
    '[a](../LICENSE)',
    '[folder](rbac)',
    '## Here it is\n[above](#here-it-is)',
    '[web](https://example.com/x#y), [mail](mailto:a@example.com)',
    '```md\n[shown](nowhere.md)\n```',
  ])('finds nothing in %j', (text) => {
    expect(dead(text)).toEqual([]);
  });

  it.each([
    ['[a](b.md)', ['1 b.md']],
    ['\n[a](a.md) [b](a.md#three)', ['2 a.md#three']],
    ['[a](a.md#no-heading)', ['1 a.md#no-heading']],
    ['[a](#here)', ['1 #here']],
    ['[a](LICENSE)', ['1 LICENSE']],
  ])('finds what leads nowhere in %j', (text, expected) => {
    expect(dead(text)).toEqual(expected);
  });
});
