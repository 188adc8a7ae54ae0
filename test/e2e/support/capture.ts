/** Captures that run: from their start to Ctrl-C. */
import { until } from '../../cluster/proc.ts';
import { type Outcome, type Started, startNettools } from './cli.ts';

/** Starts a capture and waits until packets are captured. */
export async function startCapture(args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<Started> {
  const started = startNettools(args, 'ignore', { env });
  let said = '';
  started.child.stderr?.on('data', (chunk: Buffer) => {
    said += chunk.toString();
  });
  let ended: Outcome | undefined;
  started.outcome.then(
    (end) => {
      ended = end;
    },
    () => undefined,
  );
  await until('start of the capture', 60, async () => {
    if (ended !== undefined) throw new Error(`it ended with ${ended.code}: ${ended.stderr}`);
    return said.includes('Ctrl-C ends it.\n') || `it said: ${said}`;
  });
  return started;
}

/** Ends a capture as Ctrl-C does. */
export async function interrupt({ child, outcome }: Started): Promise<Outcome> {
  child.kill('SIGINT');
  return outcome;
}
