/** Ways into a Service over UDP by which the answers of its server do not come back as they were asked for. Pure. */
import { socketAddress } from '../../model/socket-address.ts';
import type { PathFacts } from './facts.ts';
import { type HeardAnswer, heardFrom } from './unbound.ts';

/** One of them. */
export interface AstrayWay {
  readonly isTftp: boolean;
  /** A server behind it: `pod tftp (198.51.100.7:69)`. */
  readonly server: string;
  /** What it answers who asks it by itself. */
  readonly straight: HeardAnswer;
  /** What came of asking by this way; absent: nothing. */
  readonly through?: HeardAnswer;
}

/** `undefined`: it is none, or it is not known. */
export function astrayWay({ unbound: { own, behind }, cause }: PathFacts): AstrayWay | undefined {
  const isAsked = own?.asked !== undefined && own.asked.failed === undefined;
  if (!isAsked || behind?.asked === undefined || cause.kind === 'open') return undefined;
  const { pod, asked } = behind;
  const through = heardFrom(own, asked.address);
  // What comes back from whom was asked has been translated: a helper of the nodes knows the protocol.
  if (through !== undefined && through.differs !== 'address') return undefined;
  const straight = heardFrom(behind);
  if (straight === undefined || straight.differs === 'nothing') return undefined;
  const at = socketAddress(asked.address, asked.port);
  return {
    isTftp: behind.question === 'tftp',
    server: pod === undefined ? at : `pod ${pod} (${at})`,
    straight,
    ...(through === undefined ? {} : { through }),
  };
}
