/** What checks ask once they have seen their evidence, and what it costs those that ask nothing. */
import { describe, expect, it, vi } from 'vitest';
import type { RunOptions } from '../../../src/channels/channel.ts';
import { FULL_BUDGET } from '../../../src/model/budget.ts';
import type { ChainQuestion } from '../../../src/model/chain.ts';
import type { Check, Judgement } from '../../../src/model/check.ts';
import { Deadline } from '../../../src/open/deadline.ts';
import { gatherChecks } from '../../../src/run/gather-checks.ts';

const first = { id: 'http', argv: ['curl'], timeoutSeconds: 1 };
const second = { id: 'small', argv: ['again'], timeoutSeconds: 1 };

const checkOf = (asks: boolean, chains: readonly ChainQuestion[]): Check<unknown> => ({
  id: 'latency',
  findings: [],
  plan: () => ({ before: [], probe: [first], after: [] }),
  judge: () => ({}) as Judgement,
  chains: (evidence) => (evidence['http'] ? chains : []),
  followUp: (evidence) => (asks && evidence['http']?.stdout === '' ? [second] : []),
});

async function gathered(asks: boolean, ends = true, chains: readonly ChainQuestion[] = []) {
  const texts: string[] = [];
  const notes: string[] = [];
  const channel = {
    run: async () => 0,
    runWithInput: async (_argv: readonly string[], text: string, { stdout }: RunOptions) => {
      texts.push(text);
      for (const [, id] of text.matchAll(/^cmd (\S+) \d+ \d+$/gm))
        stdout.write(`nettools-result ${id} exited 0 1 1 0 0 0\n\n`);
      stdout.write('nettools-cost cpu 1000\n');
      if (texts.length === 1 || ends) stdout.write('nettools-done\n');
      return 0;
    },
  };
  const progress = { show: vi.fn(), note: (text: string) => notes.push(text) };
  const deadline = new Deadline({ timeoutMs: 5000 }, new AbortController().signal, progress as never);
  const info = { kind: 'pod', name: 'web', address: '' } as const;
  try {
    const bundle = await gatherChecks([{ check: checkOf(asks, chains), input: {} }], {
      session: { channel, info, budget: FULL_BUDGET, notes: [], close: async () => undefined },
      startedAt: new Date(0),
      startedMs: 0,
      deadline,
    });
    return { texts, notes, evidence: Object.keys(bundle.checks[0]?.evidence ?? {}) };
  } finally {
    deadline.lift();
  }
}

describe('gatherChecks', () => {
  it('adds what comes of chains that a check wants verified', async () => {
    const { evidence } = await gathered(false, true, [
      { id: 'chain', chain: ['no'], authorities: '', at: 0 },
    ]);
    expect(evidence).toEqual(['http', 'chain']);
  });

  it('asks once more what a check asks by its evidence, and that alone', async () => {
    const { texts, evidence } = await gathered(true);
    expect(texts).toHaveLength(2);
    expect(texts[1]).toContain('again');
    expect(texts[1]).not.toContain('curl');
    expect(evidence).toEqual(['http', 'small']);
  });

  it('executes nothing more where no check asks', async () => {
    const { texts, evidence } = await gathered(false);
    expect(texts).toHaveLength(1);
    expect(evidence).toEqual(['http']);
  });

  it('keeps what was seen where the second time fails, and says so', async () => {
    const { notes, evidence } = await gathered(true, false);
    expect(evidence).toEqual(['http']);
    expect(notes.join()).toContain('could not be asked');
  });
});
