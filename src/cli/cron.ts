/**
 * When a CronJob runs, as Kubernetes takes it (robfig/cron v3, ParseStandard): five fields, or a word such as @daily. What it
 * refuses, nobody hears of before a manifest is applied. Pure.
 */
import { parseDuration } from './duration.ts';

interface Field {
  readonly least: number;
  readonly most: number;
  /** Words for `least`, the number after it, and so on. */
  readonly words?: readonly string[];
}

const MONTHS = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'];
const DAYS = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'];

/** Minute, hour, day of the month, month, day of the week: there is no 7 for Sunday. */
const FIELDS: readonly Field[] = [
  { least: 0, most: 59 },
  { least: 0, most: 23 },
  { least: 1, most: 31 },
  { least: 1, most: 12, words: MONTHS },
  { least: 0, most: 6, words: DAYS },
];

const NAMES = new Set(['@yearly', '@annually', '@monthly', '@weekly', '@daily', '@midnight', '@hourly']);
const EVERY = '@every ';

/** Whether a CronJob can have it; a time zone in front of it is refused by the API server (validateCronJobSpec). */
export function isSchedule(text: string): boolean {
  if (NAMES.has(text)) return true;
  if (text.startsWith(EVERY)) return parseDuration(text.slice(EVERY.length)) !== undefined;
  const parts = text.trim().split(/\s+/);
  return parts.length === FIELDS.length && FIELDS.every((field, i) => isField(parts[i] ?? '', field));
}

/** `5`, `1-5`, `mon-fri`, `*`, any of these with a step, or several with commas between them. */
function isField(text: string, field: Field): boolean {
  return text.split(',').every((part) => isRange(part, field));
}

function isRange(text: string, field: Field): boolean {
  const [range = '', step, ...more] = text.split('/');
  if (more.length > 0 || (step !== undefined && !(numberIn(step) > 0))) return false;
  if (range === '*' || range === '?') return true;
  const [low = '', high, ...rest] = range.split('-');
  const from = numberOf(low, field);
  const to = high === undefined ? from : numberOf(high, field);
  return rest.length === 0 && from >= field.least && to <= field.most && from <= to;
}

function numberOf(text: string, { least, words = [] }: Field): number {
  const place = words.indexOf(text.toLowerCase());
  return place < 0 ? numberIn(text) : least + place;
}

/** NaN: it is none, which no comparison holds of. */
function numberIn(text: string): number {
  return /^\d{1,9}$/.test(text) ? Number(text) : Number.NaN;
}
