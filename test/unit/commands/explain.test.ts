import { describe, expect, it } from 'vitest';
import { FINDINGS } from '../../../src/checks/findings.ts';
import { run } from '../../../src/commands/explain.ts';

const hintOf = async (id: string) => {
  const error: unknown = await run({ id }).catch((e: unknown) => e);
  expect(error).toMatchObject({ message: `there is no finding "${id}".`, exitCode: 2 });
  return String((error as { hint?: unknown }).hint);
};

/** Findings of DNS are added now and then. */
const LAST_OF_DNS = FINDINGS.map(({ id }) => id)
  .filter((id) => id.startsWith('NT-DNS-'))
  .toSorted()
  .slice(-3)
  .join(', ');

describe('explain of an ID that there is not', () => {
  it.each([
    ['NT-DNS-999', new RegExp(`^The nearest IDs are ${LAST_OF_DNS}\\. https:\\S+findings\\.md lists all`)],
    ['nt-dns-0', /^The nearest IDs are NT-DNS-001, NT-DNS-002, NT-DNS-003\. /],
    ['DNS0', /^The nearest IDs are NT-DNS-001, /],
    ['no-such-id', /^https:\S+findings\.md lists all findings\.$/],
  ])('%s names the nearest, and where all are', async (id, says) => {
    expect(await hintOf(id)).toMatch(says);
  });
});
