/** Whose addresses an answer has. */
import { describe, expect, it } from 'vitest';
import { parseDig } from '../../../src/parsers/dig.ts';

const answer = (asked: string, ...records: readonly string[]): string =>
  [
    ';; ->>HEADER<<- opcode: QUERY, status: NOERROR, id: 1',
    `;; flags: qr aa rd; QUERY: 1, ANSWER: ${records.length}, AUTHORITY: 0, ADDITIONAL: 0`,
    ';; QUESTION SECTION:',
    `;${asked}\tIN\tA`,
    ';; ANSWER SECTION:',
    ...records,
    ';; Query time: 100 usec',
    ';; MSG SIZE  rcvd: 60',
  ].join('\n');

describe('owners of addresses', () => {
  it.each<[string, string, readonly string[], readonly string[] | undefined]>([
    ['the question itself', 'a.test.', ['A.Test.\t60\tIN\tA\t198.18.0.1'], undefined],
    [
      'its aliases, in any order',
      'a.test.',
      [
        'c.test.\t60\tIN\tA\t198.18.0.1',
        'b.test.\t60\tIN\tCNAME\tc.test.',
        'a.test.\t60\tIN\tCNAME\tb.test.',
      ],
      undefined,
    ],
    ['another name', 'a.test.', ['b.test.\t60\tIN\tA\t198.18.0.1'], ['b.test.']],
    [
      'another name beside the question itself',
      'a.test.',
      ['a.test.\t60\tIN\tA\t198.18.0.1', 'b.test.\t60\tIN\tA\t198.18.0.2'],
      undefined,
    ],
    [
      'behind an alias that leads elsewhere',
      'a.test.',
      ['a.test.\t60\tIN\tCNAME\tc.test.', 'b.test.\t60\tIN\tA\t198.18.0.1'],
      ['b.test.'],
    ],
  ])('%s', (_what, asked, records, expected) => {
    expect(parseDig(answer(asked, ...records), 1)[0]?.astray).toEqual(expected);
  });
});

describe('addresses of name servers behind the answer', () => {
  const more = [
    ';; AUTHORITY SECTION:',
    'test.\t60\tIN\tNS\tns1.test.',
    ';; ADDITIONAL SECTION:',
    'ns1.test.\t60\tIN\tA\t198.18.0.53',
  ];

  it('are no part of it', () => {
    const [one] = parseDig(answer('a.test.', 'a.test.\t60\tIN\tA\t198.18.0.1', ...more), 1);
    expect(one).toMatchObject({ addresses: ['198.18.0.1'] });
    expect(one?.astray).toBeUndefined();
  });

  it('are none of a referral', () => {
    const [one] = parseDig(answer('a.test.', ...more), 1);
    expect(one?.addresses).toEqual([]);
    expect(one?.astray).toBeUndefined();
  });
});
