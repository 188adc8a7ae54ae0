// Runs one command on a channel as a process of its own, which a test may kill.
// usage: node --import ./shell-text.mjs client.ts MODULE PLACE CHANNEL-CALL COMMAND…
// CHANNEL-CALL: stdin (this process's goes to the command), no-stdin, or input (a line for runWithInput)
import type { OpenChannel } from './subject.ts';

const [module = '', place = '', call = '', ...command] = process.argv.slice(2);
const { open } = (await import(module)) as { open: OpenChannel };
const { channel, close } = await open(place);
const { stdin, stdout, stderr } = process;
const code = await (call === 'input'
  ? channel.runWithInput(command, 'a line', { stdout, stderr })
  : channel.run(command, { stdin: call === 'stdin' ? stdin : undefined, stdout, stderr }));
await close();
process.exitCode = code;
