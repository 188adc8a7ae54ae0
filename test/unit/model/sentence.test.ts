import { expect, it } from 'vitest';
import { withoutName } from '../../../src/model/sentence.ts';

it.each([
  ['you may not watch pods at pod/a', 'a', 'you may not watch pods at pod/…'],
  ['no pod "web-0" beside web-01 and web-0-x', 'web-0', 'no pod "…" beside web-01 and web-0-x'],
  ['a.b is not axb', 'a.b', '… is not axb'],
])('%j without %s', (sentence, name, rest) => {
  expect(withoutName(sentence, name)).toBe(rest);
});
