/** The report: the contract that scripts depend on (`-o json`, schema in src/report/report.schema.json). */

import type { Cost } from './cost.ts';

/** How bad a finding is: `critical` breaks traffic, `warning` degrades it, `info` explains. */
export type Severity = 'critical' | 'warning' | 'info';

/** `error`: could not be measured. `skip`: cannot be measured here, for a reason that the summary tells. */
export type CheckStatus = 'pass' | 'warn' | 'fail' | 'skip' | 'error';

/** `unknown`: something could not be measured and nothing that was measured is wrong. */
export type Verdict = 'pass' | 'warn' | 'fail' | 'unknown';

/** What a finding rests on: a command that ran on the target and the part of its output that decided. */
export interface Quote {
  readonly command: readonly string[];
  readonly excerpt: string;
}

/** One thing that is wrong, or worth knowing, with its proof and its remedy. */
export interface Finding {
  /** Stable: never reused for another cause. */
  readonly id: string;
  readonly severity: Severity;
  readonly title: string;
  /** One sentence with the numbers. */
  readonly summary: string;
  readonly evidence: readonly Quote[];
  /** Text on the first line; each line after it is a command that can be pasted. */
  readonly remediation: string;
  /** The destination that it is about, as the user calls it; absent when it is about the target itself. */
  readonly subject?: string;
  /** The ID of the finding that explains this one. */
  readonly causedBy?: string;
}

/** A measurement is plain JSON; its shape belongs to the check. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

/** The result of one check. Durations in milliseconds. */
export interface CheckResult {
  readonly id: string;
  readonly status: CheckStatus;
  readonly summary: string;
  readonly durationMs: number;
  readonly measurements: { readonly [key: string]: Json };
  readonly findings: readonly Finding[];
}

/** What a target may have in common with others of a run over many. */
export interface TargetTraits {
  /** What controls a pod, as it is typed: `deployment/web`. */
  readonly owner?: string;
  /** The zone of its node. */
  readonly zone?: string;
}

/** What was looked at. The traits are there in runs over many targets, as far as they are known. */
export interface TargetInfo extends TargetTraits {
  readonly kind: 'pod' | 'node' | 'docker' | 'netns' | 'pid' | 'local';
  readonly name: string;
  /** Its first address; empty where none is known. */
  readonly address: string;
  /** Of a pod. */
  readonly namespace?: string;
  /** The node that a pod runs on; empty where it is not known. */
  readonly node?: string;
  /** Of a pod that was measured from its node; absent: from a container in it. */
  readonly via?: 'node';
  /** The network namespace that was switched into, where it is not the target's own. */
  readonly netns?: string;
}

/** One run of checks against one target. */
export interface Report {
  readonly apiVersion: 'nettools/v1';
  readonly kind: 'Report';
  readonly tool: { readonly version: string };
  readonly target: TargetInfo;
  /** RFC 3339, UTC. */
  readonly startedAt: string;
  readonly durationMs: number;
  readonly verdict: Verdict;
  readonly checks: readonly CheckResult[];
  /** What the run took of its target, where the tool has a container of its own there. */
  readonly cost?: Cost;
}

const WEIGHT: Readonly<Record<Severity, number>> = { info: 0, warning: 1, critical: 2 };

/** Whether `severity` is at or above `threshold`. */
export function atLeast(severity: Severity, threshold: Severity): boolean {
  return WEIGHT[severity] >= WEIGHT[threshold];
}

/** The status that a check's findings amount to. */
export function statusOf(findings: readonly Pick<Finding, 'severity'>[]): CheckStatus {
  if (findings.some((f) => f.severity === 'critical')) return 'fail';
  if (findings.some((f) => f.severity === 'warning')) return 'warn';
  return 'pass';
}

/** One verdict of all checks: the worst that was seen, and never `pass` where something could not be measured. */
export function verdictOf(checks: readonly CheckResult[]): Verdict {
  if (checks.some((c) => c.status === 'fail')) return 'fail';
  if (checks.some((c) => c.status === 'warn')) return 'warn';
  if (checks.length === 0 || checks.some((c) => c.status === 'error')) return 'unknown';
  return checks.every((c) => c.status === 'skip') ? 'unknown' : 'pass';
}
