import { join } from 'node:path';
import { Writable } from 'node:stream';
import { expect, it } from 'vitest';
import { LocalChannel } from '../../../src/channels/local.ts';
import { appears, pidsOf, uniqueSleep } from '../../e2e/support/processes.ts';
import { channelContract } from './contract.ts';

channelContract({
  title: 'this machine',
  module: join(import.meta.dirname, 'open-local.ts'),
  place: () => '',
  hasTerminals: false,
});

it('does not wait for a daemon that has left the session and holds the output', async () => {
  const mark = uniqueSleep();
  let text = '';
  const stdout = new Writable({
    write: (chunk: Buffer, _encoding, done) => {
      text += chunk.toString('utf8');
      done();
    },
  });
  try {
    const script = `setsid sleep ${mark} & until [ "$(ps -o sid= -p $!)" -eq $! ]; do sleep 0.1; done; echo out; exit 3`;
    expect(await new LocalChannel().run(['sh', '-c', script], { stdout, stderr: stdout })).toBe(3);
    expect(text).toBe('out\n');
    await appears('sleep', mark);
  } finally {
    for (const pid of pidsOf('sleep', mark)) process.kill(pid, 'SIGKILL');
  }
});
