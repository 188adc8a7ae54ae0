import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { transformSync } from 'esbuild';
import { describe, expect, it } from 'vitest';
import { FINDINGS } from '../../../src/checks/findings.ts';
import type { Advice } from '../../../src/model/advice.ts';
import { CASES, judgeCase } from './cases.ts';

/** A command in text: nothing fills in its target, nor the cluster that the user chose. */
const BARE =
  /\bkubectl (?!port-forward )[a-z-]|\n *(?:docker|ip|iptables|kubectl|nft|sysctl|systemctl|tc) [a-z-]/;

/** What of it is text alone. */
const textsOf = (advice: Advice): string =>
  typeof advice === 'string'
    ? advice
    : advice.map((part) => (typeof part === 'string' ? part : '…')).join('');

describe('commands in remedies are values, which are filled in where the target is known', () => {
  it.each(FINDINGS.map(({ id, remedy }) => [id, remedy] as const))('usual one of %s', (_id, remedy) => {
    expect(textsOf(remedy)).not.toMatch(BARE);
  });

  it('those for the case at hand, in every run on record', () => {
    const bare = CASES.flatMap((one) =>
      judgeCase(one).findings.flatMap(({ id, remediation }) =>
        BARE.test(textsOf(remediation)) ? [`${one.name}: ${id}`] : [],
      ),
    );
    expect(bare).toEqual([]);
  });

  const root = path.join(import.meta.dirname, '../../../src/checks');
  const sources = readdirSync(root, { recursive: true, encoding: 'utf8' }).filter((file) =>
    file.endsWith('.ts'),
  );

  it.each(sources)('in the strings of %s', (file) => {
    // Without comments. A tag's text follows it at once; of the tags only `verbatim` has the program's name in it.
    const { code } = transformSync(readFileSync(path.join(root, file), 'utf8'), {
      loader: 'ts',
      target: 'esnext',
      legalComments: 'none',
    });
    expect(code.match(/(?<!verbatim`)\bkubectl (?!port-forward )[a-z-].*/g) ?? []).toEqual([]);
  });
});
