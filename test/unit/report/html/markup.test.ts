/** Text stays text, wherever it comes from and whatever it is made of. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { html, trusted } from '../../../../src/report/html/markup.ts';
import { WORDS } from '../hostile.ts';

const text = (value: string): string => html`<p title="${value}">${value}</p>`.text;

describe('html', () => {
  it.each([
    ['<script>alert(1)</script>', '&lt;script&gt;alert(1)&lt;/script&gt;'],
    ['"onmouseover="alert(1)', '&quot;onmouseover=&quot;alert(1)'],
    ["' onfocus='alert(1)", '&#39; onfocus=&#39;alert(1)'],
    ['&lt;b&gt;', '&amp;lt;b&amp;gt;'],
    ['</p><!--', '&lt;/p&gt;&lt;!--'],
    ['`$x`', '&#96;$x&#96;'],
    ['\u202eevil\u0000\u001b[31m', '\\u{202e}evil\\x00\\x1b[31m'],
    ['\ud800 \ufffe', '\ufffd \ufffd'],
    ['a\nb\tc', 'a\nb\tc'],
    ['ünïcödé 🙂', 'ünïcödé 🙂'],
  ])('escapes %j', (value, expected) => {
    expect(text(value)).toBe(`<p title="${expected}">${expected}</p>`);
  });

  it('leaves no way out of a text or an attribute, whatever is put in', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (value) => {
        expect(text(value)).toMatch(/^<p title="[^"<>]*">[^<>]*<\/p>$/);
      }),
      { seed: 7, numRuns: 500 },
    );
    expect(text(WORDS)).toMatch(/^<p title="[^"<>]*">[^<>]*<\/p>$/);
  });

  it('takes markup as it is, lists of both, numbers and nothing', () => {
    const item = html`<li>${'<'}</li>`;
    expect(html`<ul>${[item, [item, '>'], 5]}${undefined}</ul>`.text).toBe(
      '<ul><li>&lt;</li><li>&lt;</li>&gt;5</ul>',
    );
    expect(html`${trusted('<b>')}`.text).toBe('<b>');
  });

  it('takes nothing that only looks like markup', () => {
    const fake = JSON.parse('{"text":"<script>"}') as never;
    expect(() => html`<p>${fake}</p>`.text).not.toThrow();
    expect(html`<p>${fake}</p>`.text).not.toContain('<script>');
  });

  it.each([
    ['a tag’s name', () => html`<${'b'}>`],
    ['an attribute’s name', () => html`<p ${'title'}="x">`],
    ['an attribute without quotes', () => html`<p title=${'x'}>`],
    ['an attribute in single quotes', () => html`<p title='${'x'}'>`],
    ['a script', () => html`<script>${'x'}</script>`],
    ['a script behind text', () => html`<p>a</p><script>const a = "<b>"; ${'x'}</script>`],
    ['a style', () => html`<style>a{color:${'x'}}</style>`],
    ['a style of one element', () => html`<p style="color:${'x'}">`],
    ['a handler', () => html`<p onclick="${'x'}">`],
    ['an address', () => html`<a href="${'javascript:alert(1)'}">`],
    ['an image', () => html`<img src="${'x'}">`],
    ['a policy', () => html`<meta http-equiv="${'refresh'}">`],
    ['what a meta says', () => html`<meta name="x" content="${'x'}">`],
  ])('refuses a value in %s', (_name, make) => {
    expect(make).toThrow('a value may not stand here');
  });

  it('refuses it each time, and lets through what only looks like it', () => {
    const make = (): unknown => html`<p onclick="${'x'}">`;
    for (const _try of [1, 2]) expect(make).toThrow();
    expect(html`<a href="#${'x'}">1 < 2, "quoted" ${'y'}</a>`.text).toBe(
      '<a href="#x">1 < 2, "quoted" y</a>',
    );
    expect(html`<script>1</script><p>${'x'}</p>`.text).toBe('<script>1</script><p>x</p>');
    expect(html`<p title="a>b" class="${'x'}">${'y'}</p>`.text).toBe('<p title="a>b" class="x">y</p>');
  });
});
