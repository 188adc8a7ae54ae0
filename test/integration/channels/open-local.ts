import { LocalChannel } from '../../../src/channels/local.ts';
import type { OpenChannel } from './subject.ts';

/** Commands run on this machine; there is but one place. */
export const open: OpenChannel = () => ({ channel: new LocalChannel(), close: () => undefined });
