/** What a capture says on stderr: one line while it runs, and what became of it at the end. Pure. */
import { visible } from './text.ts';

/** How far a capture has come. */
export interface CaptureProgress {
  readonly packets: number;
  /** Of the file or stream that is written. */
  readonly bytes: number;
  /** By the kernels of all targets; `undefined`: not known, or not at the moment. */
  readonly dropped: number | undefined;
  readonly milliseconds: number;
}

/** One target's part. */
export interface TargetTotals {
  readonly name: string;
  /** Packets that were written. */
  readonly packets: number;
  /** What its kernel handed over and what it had to drop; `undefined`: tcpdump did not tell. */
  readonly counts: { readonly captured: number; readonly dropped: number } | undefined;
  /** Its own file, where each has one. */
  readonly file?: string;
  /** Why nothing, or not all, was captured: a sentence without its full stop. */
  readonly reason?: string;
}

/** The line that is drawn while the capture runs. */
export function captureLine(progress: CaptureProgress): string {
  const { dropped, milliseconds } = progress;
  const told = dropped === undefined ? 'drops not counted yet' : `${number(dropped)} dropped`;
  return `${packets(progress.packets)}, ${size(progress.bytes)}, ${told} in ${Math.trunc(milliseconds / 1000)} s`;
}

/** Two targets' clocks that differ: numbers of targets. */
export interface ClockSkew {
  readonly ahead: number;
  readonly behind: number;
  readonly ms: number;
}

/** The lines at the end. @param output where it went */
export function captureSummary(
  progress: CaptureProgress,
  targets: readonly TargetTotals[],
  output: string,
  skew?: ClockSkew,
): string {
  const seconds = (progress.milliseconds / 1000).toFixed(1);
  const lines = [
    `captured ${packets(progress.packets)} (${size(progress.bytes)}) in ${seconds} s to ${visible(output)}; ${drops(progress.dropped)}.`,
  ];
  if (targets.length > 1) {
    for (const target of targets) lines.push(`  ${visible(`${target.name}: ${totals(target)}`)}`);
  }
  for (const { name, counts } of targets) {
    if (counts === undefined || counts.dropped === 0) continue;
    const all = counts.captured + counts.dropped;
    lines.push(
      `warning: ${number(counts.dropped)} of ${packets(all)} at ${visible(name)} were dropped: they came faster than they could be sent and taken here. A FILTER, or -s 96 (headers only), reduces drops.`,
    );
  }
  if (skew !== undefined) {
    const [ahead, behind] = [targets[skew.ahead]?.name ?? '', targets[skew.behind]?.name ?? ''].map(visible);
    lines.push(
      `warning: the clock at ${ahead} is about ${(skew.ms / 1000).toFixed(1)} s ahead of that at ${behind}: packets of the two are sorted by these clocks, and times between them are off by as much. Both nodes need time synchronisation (chronyc tracking, timedatectl).`,
    );
  }
  return `${lines.join('\n')}\n`;
}

function totals({ packets: count, counts, file, reason }: TargetTotals): string {
  if (reason !== undefined && file === undefined) return `nothing captured: ${reason}`;
  const parts = [packets(count), drops(counts?.dropped), ...(file === undefined ? [] : [file])];
  return `${parts.join(', ')}${reason === undefined ? '' : `; ${reason}`}`;
}

function drops(dropped: number | undefined): string {
  return dropped === undefined
    ? 'the number of drops is not known'
    : `${number(dropped)} dropped by the kernel`;
}

function packets(count: number): string {
  return `${number(count)} packet${count === 1 ? '' : 's'}`;
}

function number(count: number): string {
  return String(count).replace(/\B(?=(?:\d{3})+$)/g, ',');
}

function size(bytes: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB'];
  let value = bytes;
  let unit = 0;
  while (value >= 999.5 && unit < units.length - 1) {
    value /= 1000;
    unit++;
  }
  return `${unit === 0 ? value : value.toPrecision(3)} ${units[unit]}`;
}
