/** Parses the output of src/probes/unbound.sh. Pure. */
import type { Reason } from '../model/reason.ts';

/** An answer to a socket that takes one from anybody. */
export interface UnboundAnswer {
  readonly address: string;
  readonly port: number;
  /** The first ones of it. */
  readonly bytes: readonly number[];
}

/** What came of asking one place. */
export interface UnboundAsked {
  readonly name: string;
  readonly port: number;
  /** To which the name was resolved. */
  readonly address: string;
  /** Absent: nobody answered. */
  readonly answer?: UnboundAnswer;
  /** Why nothing could be sent. */
  readonly failed?: string;
}

/** `… N received packet with 4 bytes from AF=2 192.0.2.1:34567`, or `… AF=10 [2001:db8::1]:34567`, as socat logs it. */
const SOURCE = / received packet with \d+ bytes from AF=\d+ (?:\[([0-9a-f:.]+)\]|([\d.]+)):(\d+)$/im;
/** Of `-x`: ` 00 05 00 01`, behind the line `< TIME length=4 …`. */
const BYTES = /^< .*\n((?: [0-9a-f]{2})+)/m;

/** @returns each that was asked; a reason where none could be */
export function parseUnbound(stdout: string): readonly UnboundAsked[] | Reason | undefined {
  if (/^no socat$/m.test(stdout)) return { code: 'no-tool', text: 'socat' };
  const asked = stdout.split(/^(?=asked )/m).flatMap((part): UnboundAsked[] => {
    const [, name, port, address] = /^asked (\S+) (\d+) (\S+)$/m.exec(part) ?? [];
    return name === undefined || port === undefined || address === undefined
      ? []
      : [{ name, port: Number(port), address, ...answerPart(part) }];
  });
  return asked.length === 0 ? undefined : asked;
}

function answerPart(said: string): Pick<UnboundAsked, 'answer' | 'failed'> {
  const [, six, four = '', port] = SOURCE.exec(said) ?? [];
  if (port === undefined) {
    const failed = / E (.*)$/m.exec(said)?.[1];
    return failed === undefined ? {} : { failed };
  }
  const bytes = BYTES.exec(said)?.[1]?.trim().split(' ') ?? [];
  return {
    answer: {
      address: six ?? four,
      port: Number(port),
      bytes: bytes.map((one) => Number.parseInt(one, 16)),
    },
  };
}
