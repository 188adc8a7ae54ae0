/** Recorded runs of interfaces, arp and routing, whole or with one thing changed. */
import type { Judgement } from '../../../src/model/check.ts';
import type { ProbeResult } from '../../../src/model/evidence.ts';
import { bundleRecording } from '../../recordings/recordings.ts';

/** One check's part of a recorded run. */
export interface RecordedRun<Input> {
  readonly input: Input;
  readonly evidence: Readonly<Record<string, ProbeResult>>;
}

export function recorded<Input>(name: string): RecordedRun<Input> {
  const [check] = bundleRecording(name).bundle.checks;
  if (!check) throw new Error(`${name} has no check`);
  return { input: check.input as Input, evidence: check.evidence };
}

/** The run with other output of some commands. */
export function withOutput<Input>(
  run: RecordedRun<Input>,
  outputs: Readonly<Record<string, string | ((stdout: string) => string)>>,
): RecordedRun<Input> {
  const changed = Object.entries(outputs).map(([id, output]) => {
    const before = run.evidence[id];
    if (!before) throw new Error(`no result ${id}`);
    return [id, { ...before, stdout: typeof output === 'string' ? output : output(before.stdout) }] as const;
  });
  return { ...run, evidence: { ...run.evidence, ...Object.fromEntries(changed) } };
}

/** Adds to a counter of /proc/net/netstat. */
export function counted(name: string, more: number): (stdout: string) => string {
  return (stdout) => {
    const lines = stdout.split('\n');
    const at = lines.findIndex((line) => line.startsWith('TcpExt:') && line.includes(name));
    const column = (lines[at] ?? '').split(' ').indexOf(name);
    const values = (lines[at + 1] ?? '').split(' ');
    values[column] = String(Number(values[column]) + more);
    lines[at + 1] = values.join(' ');
    return lines.join('\n');
  };
}

/** Changes the objects of ip's JSON. */
export function json<T>(change: (list: T[]) => unknown[]): (stdout: string) => string {
  return (stdout) => JSON.stringify(change(JSON.parse(stdout) as T[]));
}

/** `ID severity` of each finding that is more than a remark. */
export function problemsOf({ findings }: Judgement): string[] {
  return findings.filter((f) => f.severity !== 'info').map((f) => `${f.id} ${f.severity}`);
}
