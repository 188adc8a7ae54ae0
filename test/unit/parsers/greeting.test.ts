import { describe, expect, it } from 'vitest';
import { parseGreeting } from '../../../src/parsers/greeting.ts';

describe('parseGreeting', () => {
  it.each([
    [
      'a server that greets',
      'address 192.0.2.9\nok 240\nfirst 451\n',
      { connectMs: 0.24, outcome: 'first', ms: 0.451 },
    ],
    [
      'one that is late, and is not past the proxy',
      'address 192.0.2.9\nok 240\nuser 2102\naround address 192.0.2.9\naround ok 310\naround first 900\nfirst 10004000\n',
      {
        connectMs: 0.24,
        outcome: 'first',
        ms: 10_004,
        around: { uid: 2102, connectMs: 0.31, outcome: 'first', ms: 0.9 },
      },
    ],
    [
      'one that could not be tried past it',
      'address 192.0.2.9\nok 240\nuser 1337\naround setpriv: setresuid failed: Operation not permitted\nsilent 11000000\n',
      { connectMs: 0.24, outcome: 'silent', ms: 11_000, around: { uid: 1337 } },
    ],
    [
      'one that closes',
      'address 192.0.2.9\nok 240\nclosed 12\n',
      { connectMs: 0.24, outcome: 'closed', ms: 0.012 },
    ],
    ['a refusal', 'address 192.0.2.9\nbash: connect: Connection refused\nfailed 200\n', {}],
    ['output that was cut', 'address 192.0.2.9\nok 240\nfirst 45', { connectMs: 0.24 }],
    ['a name that does not resolve', 'unresolved\n', undefined],
    ['nothing', '', undefined],
  ])('reads %s', (_what, text, expected) => {
    expect(parseGreeting(text)).toEqual(expected);
  });
});
