import { describe, expect, it } from 'vitest';
import { parseResting } from '../../../src/parsers/resting.ts';

const HEAD = 'address 192.0.2.9\nconnected\n';

describe('parseResting', () => {
  it('reads how long the connection rested until the server ended it', () => {
    const printed = `${HEAD}status 1.1 200\nconnection  keep-alive\nkeep-alive  timeout=2\nended 2003608\n`;
    expect(parseResting(printed)).toEqual({
      status: 200,
      isAnnounced: false,
      outcome: 'ended',
      ms: 2003.608,
    });
  });

  it('reads that it was there at the end', () => {
    expect(parseResting(`${HEAD}status 1.1 404\nkept 5000012\n`)).toEqual({
      status: 404,
      isAnnounced: false,
      outcome: 'kept',
      ms: 5000.012,
    });
  });

  it.each([
    ['status 1.1 200\nconnection  Close\nended 300\n', true],
    ['status 1.0 200\nended 300\n', true],
    ['status 1.0 200\nconnection  Keep-Alive\nended 2000300\n', false],
    // Of an answer before the one that counts.
    ['status 1.1 103\nconnection  close\nstatus 1.1 200\nended 2000300\n', false],
  ])('knows an end that is announced: %j', (printed, isAnnounced) => {
    expect(parseResting(`${HEAD}${printed}`)).toMatchObject({ outcome: 'ended', isAnnounced });
  });

  it.each([
    ['no-openssl\n', { code: 'no-tool', text: 'openssl' }],
    ['unresolved\n', 'no connection'],
    ['address 192.0.2.9\nresting: connect: Connection refused\n', 'no connection'],
    [HEAD, 'the server did not answer the request'],
    [`${HEAD}status 1.1 200\n`, 'the wait for its end did not come to an end itself'],
  ])('says why it is not known: %j', (printed, reason) => {
    expect(parseResting(printed)).toEqual(reason);
  });
});
