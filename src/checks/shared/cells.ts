/**
 * What the tables of all checks share: how to read measurements, any of which may be missing, and how to write them into
 * cells. Pure; nothing is escaped here.
 */
import type { Json } from '../../model/report.ts';
import type { Column } from '../../model/table.ts';

/** Measurements, or one object in them. */
export type Fields = { readonly [key: string]: Json };

/** A measurement that should be an object; empty where it is none. */
export function fieldsOf(value: Json | undefined): Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Fields) : {};
}

/** A measurement that should be a list; empty where it is none. */
export function listOf(value: Json | undefined): readonly Json[] {
  return Array.isArray(value) ? value : [];
}

/** A measurement that should be a list of objects. */
export function recordsOf(value: Json | undefined): readonly Fields[] {
  return listOf(value).map(fieldsOf);
}

/** A word or a number; `-` where there is none. */
export function text(value: Json | undefined): string {
  return typeof value === 'string' || typeof value === 'number' ? String(value) : '-';
}

/** A time with its unit, from milliseconds; `-` where there is none. */
export function time(ms: Json | undefined): string {
  return typeof ms === 'number' ? `${ms >= 100 ? ms.toFixed(0) : ms.toFixed(1)} ms` : '-';
}

export function left(head: string): Column {
  return { head, align: 'left' };
}

export function right(head: string): Column {
  return { head, align: 'right' };
}
