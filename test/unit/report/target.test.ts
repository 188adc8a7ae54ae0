import { describe, expect, it } from 'vitest';
import { targetPlace, targetTitle } from '../../../src/report/target.ts';

describe('targetTitle', () => {
  it.each([
    [{ kind: 'pod', namespace: 'shop', name: 'web' }, 'pod/web in shop'],
    [{ kind: 'node', name: 'n1' }, 'node/n1'],
    [{ kind: 'node', name: 'n1', netns: 'shop/web' }, 'node/n1, network namespace shop/web'],
    [{ kind: 'docker', name: 'db' }, 'docker://db'],
    [{ kind: 'netns', name: 'blue' }, 'netns:blue'],
    [{ kind: 'pid', name: '7' }, 'pid:7'],
    [{ kind: 'local', name: 'host' }, 'local (host)'],
  ] as const)('%j', (target, title) => {
    expect(targetTitle({ address: '', ...target })).toBe(title);
  });
});

describe('targetPlace', () => {
  it.each([
    [{ address: '198.51.100.7', node: 'n1' }, '198.51.100.7 on n1'],
    [{ address: '198.51.100.7' }, '198.51.100.7'],
    [{ address: '', node: 'n1' }, 'on n1'],
    [{ address: '', node: '' }, ''],
  ])('%j', (place, text) => {
    expect(targetPlace({ kind: 'pod', name: 'web', ...place })).toBe(text);
  });
});
