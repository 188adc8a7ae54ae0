import { PassThrough } from 'node:stream';
import { describe, expect, it } from 'vitest';
import type { Channel } from '../../../src/channels/channel.ts';
import { NsenterChannel } from '../../../src/channels/nsenter.ts';

const calls: unknown[][] = [];
const inner: Channel = {
  run: async (...call) => {
    calls.push(call);
    return 7;
  },
  runWithInput: async (...call) => {
    calls.push(call);
    return 8;
  },
};

describe('NsenterChannel', () => {
  it('puts every command into the namespace, word by word, and changes nothing else', async () => {
    const channel = new NsenterChannel(inner, '/proc/12/ns/net');
    const options = { stdout: new PassThrough(), terminal: undefined };
    expect(await channel.run(['ip', 'a; reboot'], options)).toBe(7);
    expect(await channel.runWithInput(['sh', '-'], 'exit\n', options)).toBe(8);
    expect(calls).toEqual([
      [['nsenter', '--net=/proc/12/ns/net', '--', 'ip', 'a; reboot'], options],
      [['nsenter', '--net=/proc/12/ns/net', '--', 'sh', '-'], 'exit\n', options],
    ]);
  });

  it('with files, runs every command in a mount namespace that has them', async () => {
    calls.length = 0;
    const files = { folder: '/etc/netns/blue', resolvConf: 'nameserver 192.0.2.53\n' };
    const channel = new NsenterChannel(inner, '/run/netns/blue', files);
    await channel.run(['ip', 'addr'], { stdout: new PassThrough() });
    const [[words]] = calls as [[string[]]];
    expect(words.slice(0, 7)).toEqual([
      'nsenter',
      '--net=/run/netns/blue',
      '--',
      'unshare',
      '--mount',
      '--',
      'sh',
    ]);
    expect(words.slice(-5)).toEqual(['nettools-enter', files.folder, files.resolvConf, 'ip', 'addr']);
  });
});
