/** Results of commands, and destinations, as tests of several checks need them. */

import { adviceText } from '../../../src/model/advice.ts';
import type { Judgement } from '../../../src/model/check.ts';
import type { Destination } from '../../../src/model/destination.ts';
import type { Evidence, ProbeResult } from '../../../src/model/evidence.ts';
import type { Occurrence } from '../../../src/model/finding.ts';

export function result(stdout: string, rest: Partial<ProbeResult> = {}): Omit<ProbeResult, 'id'> {
  return {
    command: ['some-tool', '--flag'],
    status: 'exited',
    code: 0,
    durationMs: 100,
    stdout,
    stderr: '',
    truncated: false,
    ...rest,
  };
}

export function evidence(results: Readonly<Record<string, Omit<ProbeResult, 'id'>>>): Evidence {
  return Object.fromEntries(Object.entries(results).map(([id, one]) => [id, { id, ...one }]));
}

/** A DEST of the user's outside of the cluster. */
export function destination(rest: Partial<Destination> = {}): Destination {
  return {
    id: 'to0',
    label: 'example.com:443',
    host: '192.0.2.9',
    port: '443',
    anyPort: false,
    role: 'asked',
    inCluster: false,
    protocol: 'tcp',
    ...rest,
  };
}

/** `ID severity` of each finding that is more than a remark. */
export function named({ findings }: Judgement): string[] {
  return findings.filter((f) => f.severity !== 'info').map((f) => `${f.id} ${f.severity}`);
}

/** What to do about a finding, as the docs print it. */
export function remedyOf(finding: Pick<Occurrence, 'remediation'> | undefined): string | undefined {
  return finding && adviceText(finding.remediation);
}
