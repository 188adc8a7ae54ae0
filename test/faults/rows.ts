/** What the suite has seen, one line of JSON for each fault: docs/faults.md is made from it. */
import { appendFileSync } from 'node:fs';
import { basename } from 'node:path';
import { expect } from 'vitest';
import type { FaultRow } from '../../scripts/generate/faults-page.ts';
import type { Finding } from '../../src/model/report.ts';

/** Adds a line to the file that NETTOOLS_FAULT_ROWS names; does nothing without it. */
export function recordRow({ id, severity, summary }: Finding): void {
  const file = process.env['NETTOOLS_FAULT_ROWS'];
  if (file === undefined) return;
  const { currentTestName = '', testPath = '' } = expect.getState();
  const row: FaultRow = {
    suite: basename(testPath, '.test.ts'),
    fault: currentTestName,
    id,
    severity,
    summary,
  };
  appendFileSync(file, `${JSON.stringify(row)}\n`);
}
