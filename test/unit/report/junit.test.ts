import { describe, expect, it } from 'vitest';
import { renderJunit } from '../../../src/report/junit.ts';
import { hostile, mixed } from './hostile.ts';

describe('renderJunit', () => {
  it('has a case for each check', async () => {
    await expect(renderJunit(mixed, 'critical')).toMatchFileSnapshot('golden/mixed.xml');
  });

  it('escapes what comes from a remote side', async () => {
    await expect(renderJunit(hostile, 'critical')).toMatchFileSnapshot('golden/hostile.xml');
  });

  it('holds only characters that XML allows, and no markup but its own', () => {
    const text = renderJunit(hostile, 'critical');
    expect(text).not.toMatch(/[\u0000-\u0008\u000b-\u001f\ufffe\uffff]|\p{Surrogate}/u);
    const tags = new Set(Array.from(text.matchAll(/<\/?([a-z-]+)/g), ([, name]) => name));
    expect([...tags].sort()).toEqual(
      ['failure', 'properties', 'property', 'system-out', 'testcase', 'testsuite', 'testsuites'].sort(),
    );
    expect(text).not.toMatch(/&(?!amp;|lt;|gt;|quot;|apos;|#10;|#9;)/);
    expect(text).not.toContain(']]>');
  });

  it.each([
    { failOn: 'critical', failures: 1 },
    { failOn: 'warning', failures: 2 },
    { failOn: 'info', failures: 2 },
  ] as const)('fails from $failOn on, as the exit code does', ({ failOn, failures }) => {
    const text = renderJunit(mixed, failOn);
    expect(text).toContain(`tests="5" failures="${failures}" errors="1" skipped="1"`);
    expect(text.match(/<failure /g)).toHaveLength(failures);
  });
});
