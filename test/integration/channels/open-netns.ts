import { LocalChannel } from '../../../src/channels/local.ts';
import { NsenterChannel } from '../../../src/channels/nsenter.ts';
import type { OpenChannel } from './subject.ts';

/** Commands run in a network namespace of this machine. @param place its file */
export const open: OpenChannel = (place) => ({
  channel: new NsenterChannel(new LocalChannel(), place, { resolvConf: 'nameserver 192.0.2.53\n' }),
  close: () => undefined,
});
