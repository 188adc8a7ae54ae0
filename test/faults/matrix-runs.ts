/** Runs of `matrix` with a fault, and what they have to say. */
import { expect } from 'vitest';
import type { MatrixReport } from '../../src/model/matrix.ts';
import type { Finding } from '../../src/model/report.ts';
import { nettools } from '../e2e/support/cli.ts';
import { validMatrix } from '../e2e/support/report.ts';
import type { Expected } from './named.ts';
import type { Netns } from './pod-netns.ts';
import { recordRow } from './rows.ts';

/** A matrix in a namespace. */
export async function matrixIn(namespace: string, ...words: string[]): Promise<MatrixReport> {
  const { stdout, stderr } = await nettools(['matrix', '-n', namespace, ...words, '-o', 'json']);
  expect(stdout, stderr).toMatch(/^\{/);
  return validMatrix(JSON.parse(stdout));
}

/** Nothing above info. */
export function silent({ findings, verdict }: MatrixReport): void {
  expect(findings.filter(({ severity }) => severity !== 'info').map(({ summary }) => summary)).toEqual([]);
  expect(verdict).toBe('pass');
}

/** One pattern explains all that is seen. */
export function named({ findings }: MatrixReport, { id, severity, says }: Expected): Finding {
  const all = findings.filter((one) => one.severity !== 'info' || severity === 'info');
  expect(all.map((one) => `${one.id} ${one.summary}`)).toHaveLength(1);
  const [first] = all;
  if (first === undefined) throw new Error('no finding');
  expect(first).toMatchObject({ id, severity });
  expect(first.summary).toMatch(says);
  expect(first.evidence.length).toBeGreaterThan(0);
  console.log(`matrix | ${first.id} ${first.severity} | ${first.summary}`);
  recordRow(first);
  return first;
}

/** Rules of a hook in a namespace. */
export interface Place {
  readonly netns: Netns;
  readonly hook: 'input' | 'output' | 'forward';
  readonly rules: readonly string[];
}

/** In a table of its own, taken away again whatever happens. */
export async function withRules<T>(places: readonly Place[], work: () => Promise<T>): Promise<T> {
  const table = 'inet nettools-f-matrix';
  try {
    for (const { netns, hook, rules } of places) {
      const chain = `add table ${table}; add chain ${table} c { type filter hook ${hook} priority -10; }`;
      await netns.run('nft', [chain, ...rules.map((rule) => `add rule ${table} c ${rule}`)].join('; '));
    }
    return await work();
  } finally {
    for (const { netns } of places) await netns.attempt('nft', `delete table ${table}`);
  }
}

export const critical = (id: string, says: RegExp): Expected => ({ id, severity: 'critical', says });
