/** Numbers and times of a watch as people read them. Pure. */
import type { Watch, WatchEvent, WatchedDestination } from '../model/watch.ts';

/** A round trip: `0.31 ms`, `12.3 ms`, `1.20 s`. */
export function rttText(ms: number): string {
  if (ms >= 999.5) return `${(ms / 1000).toFixed(2)} s`;
  return `${ms.toFixed(ms >= 99.95 ? 0 : ms >= 9.995 ? 1 : 2)} ms`;
}

/** A stretch of time: `850 ms`, `3.0 s`, `2 min 5 s`, `1 h 12 min`. */
export function lengthText(ms: number): string {
  if (ms < 1000) return `${Math.round(ms)} ms`;
  if (ms < 59_950) return `${(ms / 1000).toFixed(1)} s`;
  const seconds = Math.round(ms / 1000);
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes} min ${seconds % 60} s`;
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

/** The clock time of an RFC 3339 time; with its day where the watch began on another one. */
export function clockText(at: string, startedAt: string): string {
  const [day = '', rest = ''] = at.split('T');
  const time = rest.slice(0, 8);
  return day === startedAt.split('T')[0] ? time : `${day} ${time}`;
}

/** `0 %`, `0.08 %`, `12 %`. */
export function lossText({ sent, missed }: Pick<WatchedDestination, 'sent' | 'missed'>): string {
  if (missed === 0 || sent === 0) return '0 %';
  const percent = (100 * missed) / sent;
  return `${percent >= 10 ? percent.toFixed(0) : percent >= 1 ? percent.toFixed(1) : Math.max(0.01, percent).toFixed(2)} %`;
}

/** An event in one line. Raw. */
export function eventText({ at, text }: WatchEvent, { startedAt }: Pick<Watch, 'startedAt'>): string {
  return `${clockText(at, startedAt)} ${text}`;
}
