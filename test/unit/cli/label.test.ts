import { expect, it } from 'vitest';
import { isLabelKey, isLabelValue, isObjectName } from '../../../src/cli/label.ts';

it.each([
  ['app', true],
  ['node-role.kubernetes.io/control-plane', true],
  ['A_b.c', true],
  ['', false],
  ['!!', false],
  ['-a', false],
  ['a/b/c', false],
  ['Upper.example/a', false],
  ['/a', false],
  ['a'.repeat(64), false],
])('%j as the key of a label: %s', (text, is) => {
  expect(isLabelKey(text)).toBe(is);
});

it('a value may be empty, a name may not', () => {
  expect(['', 'a', 'a b', 'a_'].map(isLabelValue)).toEqual([true, true, false, false]);
  expect(['ops', 'a.b', '', 'Ops', 'a..b'].map(isObjectName)).toEqual([true, true, false, false, false]);
});
