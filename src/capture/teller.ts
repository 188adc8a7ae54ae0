/** What the user hears of a capture. */
import type { ProgressLine } from '../console/progress.ts';
import type { CaptureOptions } from '../model/args.ts';
import {
  type CaptureProgress,
  type ClockSkew,
  captureLine,
  captureSummary,
  type TargetTotals,
} from '../report/capture-summary.ts';
import { visible } from '../report/text.ts';
import type { OpenTarget } from './targets.ts';

/** Who is told how a capture goes. */
export interface CaptureTeller {
  /** Whether a line is drawn while it runs, and so whether each tcpdump is asked for its counts meanwhile. */
  readonly isLive: boolean;
  /** Packets are being captured. */
  begun(targets: readonly OpenTarget[], output: string): void;
  live(progress: CaptureProgress, isEnding: boolean): void;
  ended(
    progress: CaptureProgress,
    targets: readonly TargetTotals[],
    output: string,
    skew: ClockSkew | undefined,
  ): void;
  /** Nobody reads what is captured any more, and not a single packet was written; said instead of the end. */
  unread(output: string): void;
  /** One of many does not start, and the others go on; absent: all have to. */
  left?(target: OpenTarget, error: unknown): void;
}

/** Tells all on stderr. @param left those of which nothing is captured, as they are when it ends */
export function stderrTeller(
  { destination, capture }: Pick<CaptureOptions, 'destination' | 'capture'>,
  progress: ProgressLine,
  left: readonly TargetTotals[] = [],
): CaptureTeller {
  return {
    // Not with stdout: its reader draws on the same terminal.
    isLive: process.stderr.isTTY === true && destination.kind !== 'stdout',
    begun: (targets, output) => {
      progress.clear();
      process.stderr.write(
        beginLine(
          capture.interface,
          targets.map(({ name }) => name),
          output,
        ),
      );
    },
    live: (state, isEnding) => {
      const line = captureLine(state);
      progress.show(isEnding ? `ending: ${line}` : line);
    },
    ended: (state, targets, output, skew) => {
      progress.clear();
      process.stderr.write(captureSummary(state, [...targets, ...left], output, skew));
    },
    unread: (output) => {
      progress.clear();
      process.stderr.write(`${visible(output)} is read no more; no packet was written.\n`);
    },
  };
}

/** So many targets are named one by one. */
const FEW = 5;

/** Packets are being captured: where, and to what. */
export function beginLine(networkInterface: string, targets: readonly string[], output: string): string {
  const names = targets.length > FEW ? `${targets.length} targets` : targets.join(', ');
  return `${visible(`capturing on ${networkInterface} at ${names} to ${output}`)}; Ctrl-C ends it.\n`;
}
