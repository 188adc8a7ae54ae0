/** What is left of ICU's data in the program's Node. */
import { execFileSync } from 'node:child_process';
import { globSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { leanIcu } from '../../../../scripts/build/icu.ts';

const root = join(import.meta.dirname, '../../../..');
const full = join(root, 'node_modules/node/bin/node');

describe('leanIcu', () => {
  let folder: string;
  let lean: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'nettools-test-'));
    lean = join(folder, 'node');
    writeFileSync(lean, leanIcu(readFileSync(full)), { mode: 0o755 });
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  const said = (node: string, script: string, locale: string): unknown =>
    JSON.parse(
      execFileSync(node, ['-p', `JSON.stringify(${script})`], {
        encoding: 'utf8',
        env: { LC_ALL: locale, TZ: 'Europe/Berlin' },
      }),
    );

  it.each([
    ['sorts names', `['b', 'a', 'Z', 'ä', 'web-10', 'web-9'].sort((a, b) => a.localeCompare(b, 'en'))`],
    ['knows time zones', 'new Date(1782900000000).toString().slice(0, 33)'],
    [
      'decodes UTF-8 in pieces',
      `(d => d.decode(Uint8Array.of(0xe2, 0x82), { stream: true }) + d.decode(Uint8Array.of(0xac)))(new TextDecoder())`,
    ],
    ['normalises', `['ﬁ', 'e\\u0301'].map((text) => [text.normalize('NFKD'), text.normalize('NFC')])`],
    [
      'knows cases and classes of characters',
      `['straße'.toUpperCase(), /\\p{L}+/u.exec('1αβ')[0], /É/i.test('é')]`,
    ],
    ['reads URLs', `new URL('https://münchen.example/ä').href`],
  ])('%s as before, in every language', (_what, script) => {
    for (const locale of ['C', 'de_DE.UTF-8', 'tr_TR.UTF-8', 'zh_CN.UTF-8'])
      expect(said(lean, script, locale)).toEqual(said(full, script, locale));
  });

  it('leaves all other bytes where they are, and zeros behind', () => {
    const [before, after] = [readFileSync(full), readFileSync(lean)];
    expect(after.length).toBe(before.length);
    let [first, last, zeros] = [-1, -1, 0];
    for (let at = 0; at < before.length; at++) {
      if (before[at] === after[at]) continue;
      if (first < 0) first = at;
      last = at;
      if (after[at] === 0) zeros++;
    }
    expect(last - first).toBeLessThan(40e6);
    expect(zeros).toBeGreaterThan(20e6);
  });

  it('says so where there is none', () => {
    expect(() => leanIcu(Buffer.from('CmnD and no more, in a file that is no program'))).toThrow(
      'no data of ICU is in this file',
    );
  });
});

it('the sources ask ICU for nothing that is not there', () => {
  const uses = globSync('src/**/*.ts', { cwd: root }).filter((file) =>
    /\bIntl\.|\.toLocale|TextDecoder\([^)]/.test(readFileSync(join(root, file), 'utf8')),
  );
  expect(uses).toEqual([]);
});
