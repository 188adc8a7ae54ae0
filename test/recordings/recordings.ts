/** Recordings of real tools, made by record.ts: what they are, and how a test gets one. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { LatencyInput } from '../../src/checks/latency/facts.ts';
import type { Bundle } from '../../src/model/bundle.ts';
import type { Evidence } from '../../src/model/evidence.ts';

/** What every recording tells of itself. */
interface Origin {
  /** The tool and, where there are several, which: `ping (iputils)`. */
  readonly tool: string;
  readonly version: string;
  /** When it was made, RFC 3339. */
  readonly date: string;
  /** What is to be seen in it; record.ts has made sure that it is. */
  readonly phenomenon: string;
}

/** One command. */
export interface Recording extends Origin {
  /** A script of the project stands as its path. */
  readonly argv: readonly string[];
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** One run of a whole plan by src/probes/runner.sh; each result has its own command, exit code and output. */
export interface RunRecording extends Origin {
  readonly argv: readonly string[];
  readonly code: number;
  readonly stderr: string;
  readonly input: LatencyInput;
  readonly evidence: Evidence;
}

/** One run of the built binary, as `--save` writes it. */
export interface BundleRecording extends Origin {
  readonly bundle: Bundle;
}

/** The folder of the recordings. */
export const recordingsDir = import.meta.dirname;
/** The folder of the runs that were saved as bundles. */
export const bundlesDir = join(recordingsDir, 'bundles');

/** @param name the file's name without `.json` */
export function recording(name: string): Recording {
  return read(name) as Recording;
}

/** @param name the file's name without `run-` and `.json` */
export function runRecording(name: string): RunRecording {
  return read(`run-${name}`) as RunRecording;
}

/** @param name the file's name without `.json` */
export function bundleRecording(name: string): BundleRecording {
  return read(`bundles/${name}`) as BundleRecording;
}

function read(name: string): unknown {
  return JSON.parse(readFileSync(join(recordingsDir, `${name}.json`), 'utf8'));
}
