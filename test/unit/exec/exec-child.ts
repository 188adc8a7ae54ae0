// Runs one exec stream as a process of its own and prints how it ended. It does not call process.exit(): that the
// process ends shows that the stream left no timer, socket or listener behind.
import { Agent } from 'node:http';
import { PassThrough } from 'node:stream';
import { execStream } from '../../../src/exec/stream.ts';

const [url = '', abortAfterMs = ''] = process.argv.slice(2);
const sink = new PassThrough();
sink.resume();
const signal = abortAfterMs === '' ? undefined : AbortSignal.timeout(Number(abortAfterMs));
// Held open by a stdin that never ends, as a terminal's is.
const stdin = new PassThrough();
stdin.write('some input\n');
const ended = await execStream(
  { url, headers: {}, agent: new Agent({ keepAlive: true }), timeoutMs: 2_000 },
  { stdin, stdout: sink, stderr: sink, onResize: () => () => undefined },
  { signal, pingIntervalMs: 50, pingDeadlineMs: 2_000 },
).then(
  (outcome) => outcome.kind,
  (error: Error) => error.name,
);
console.log(ended);
