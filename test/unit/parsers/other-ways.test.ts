import { describe, expect, it } from 'vitest';
import { parseOtherWays } from '../../../src/parsers/other-ways.ts';

const ETH0 = { device: 'eth0', route: 'default via 192.0.2.1 dev eth0 metric 100' };
const WON = { device: 'net1', route: 'default via 198.51.100.1 dev net1' };
const BEGIN = `address 203.0.113.7\nother eth0 ${ETH0.route} \nwon net1 ${WON.route} \n`;

describe('parseOtherWays', () => {
  it.each([
    ['one interface', 'address 203.0.113.7\nwon eth0 default via 192.0.2.1 dev eth0\n', []],
    ['a destination that answers', `${BEGIN}plain answers\n`, [ETH0], true],
    [
      'one that answers by the other',
      `${BEGIN}plain silent\nby eth0 ok\n`,
      [{ ...ETH0, outcome: 'connected' }],
      false,
    ],
    [
      'one that refuses by the other',
      `${BEGIN}plain silent\nby eth0 refused\n`,
      [{ ...ETH0, outcome: 'refused' }],
      false,
    ],
    [
      'one that is silent by both',
      `${BEGIN}plain silent\nby eth0 silent\n`,
      [{ ...ETH0, outcome: 'silent' }],
      false,
    ],
    [
      'what may not be bound',
      `${BEGIN}plain silent\nby eth0 failed Operation not permitted\n`,
      [{ ...ETH0, outcome: 'failed', error: 'Operation not permitted' }],
      false,
    ],
    ['words that it does not know', `${BEGIN}plain silent\nby eth0 perhaps\n`, [ETH0], false],
  ])('reads %s', (_what, text, others, answers = undefined) => {
    const parsed = parseOtherWays(text);
    expect(parsed?.others).toEqual(others);
    expect(parsed?.answers).toBe(answers);
  });

  it('knows which route wins', () => expect(parseOtherWays(BEGIN)?.won).toEqual(WON));

  it.each(['', 'unresolved\n', 'bash: not found\n'])('reads nothing out of %j', (text) => {
    expect(parseOtherWays(text)).toBeUndefined();
  });
});
