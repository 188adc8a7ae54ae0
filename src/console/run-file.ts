/** What a run ended with, as a file: a bundle, or a report that `-o json` printed. */
import type { Bundle, BundleList } from '../model/bundle.ts';
import { UserError } from '../model/errors.ts';
import type { MatrixReport } from '../model/matrix.ts';
import type { CheckResult, Finding, Report } from '../model/report.ts';
import type { ReportList } from '../model/report-list.ts';
import { bundleIn, readSaved } from './bundle-file.ts';

/** @throws {UserError} exit 3: it cannot be read, is neither, or a bundle of another format */
export async function readRun(
  file: string,
): Promise<Bundle | BundleList | Report | ReportList | MatrixReport> {
  const text = await readSaved(file);
  const value = parsed(text);
  if (isReport(value) || isList(value) || isMatrix(value)) return value;
  const { kind } = (value ?? {}) as { readonly kind?: unknown };
  if (kind === 'Bundle' || kind === 'BundleList') return bundleIn(text, file);
  throw new UserError(
    `${file} is no run: it has to be a bundle, which --save FILE writes, or a report, which -o json prints.`,
    3,
  );
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Whether it has all that a comparison takes from it; what checks measured, they read with care. */
function isReport(value: unknown): value is Report {
  const { target, checks } = (value ?? {}) as Partial<Report>;
  return (
    isRun(value, 'Report') &&
    [target?.kind, target?.name, target?.address].every((part) => typeof part === 'string') &&
    isListOf(checks, isCheck)
  );
}

function isList(value: unknown): value is ReportList {
  const { items, failed } = (value ?? {}) as Partial<ReportList>;
  return isRun(value, 'ReportList') && isListOf(items, isReport) && isListOf(failed, hasTarget);
}

function isMatrix(value: unknown): value is MatrixReport {
  const { sources, destinations, cells, findings } = (value ?? {}) as Partial<MatrixReport>;
  return (
    isRun(value, 'MatrixReport') &&
    isListOf(sources, hasTarget) &&
    isListOf(destinations, hasTarget) &&
    isListOf(findings, isFinding) &&
    isListOf(
      cells,
      (cell: Partial<MatrixReport['cells'][number]> | null) =>
        typeof cell?.source === 'number' && typeof cell.destination === 'number',
    )
  );
}

function isRun(value: unknown, kind: string): boolean {
  const run = (value ?? {}) as { readonly [Name in 'apiVersion' | 'kind' | 'startedAt']?: unknown };
  return run.apiVersion === 'nettools/v1' && run.kind === kind && typeof run.startedAt === 'string';
}

function isListOf<T>(value: unknown, isOne: (one: T) => boolean): boolean {
  return Array.isArray(value) && (value as readonly T[]).every(isOne);
}

function hasTarget(one: { readonly target?: unknown } | null): boolean {
  return typeof one?.target === 'string';
}

function isCheck(check: Partial<CheckResult> | null): boolean {
  const { id, status, summary, measurements, findings } = check ?? {};
  return (
    [id, status, summary].every((part) => typeof part === 'string') &&
    typeof measurements === 'object' &&
    measurements !== null &&
    isListOf(findings, isFinding)
  );
}

const SEVERITIES: ReadonlySet<unknown> = new Set(['critical', 'warning', 'info']);

function isFinding(finding: Partial<Finding> | null): boolean {
  const { id, severity, title, summary } = finding ?? {};
  return SEVERITIES.has(severity) && [id, title, summary].every((part) => typeof part === 'string');
}
