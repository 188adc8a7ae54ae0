import { describe, expect, it } from 'vitest';
import { routingTables } from '../../../../src/checks/routing/tables.ts';

const way = { name: 'pod/db', address: '198.18.1.7' };
const link = { gateway: null, device: 'eth0', source: '198.18.1.2', local: false };
const row = (more: object) => routingTables({ destinations: [{ ...way, ...more }] as never })[0]?.rows[0];

describe('routingTables', () => {
  it('has a row for each destination', () => {
    expect(row({ ...link, gateway: '198.18.1.1', answered: true })).toEqual([
      'pod/db',
      '198.18.1.7',
      '198.18.1.1',
      'eth0',
      '198.18.1.2',
      'yes',
    ]);
  });

  it.each([
    [{ ...link }, 'on the link'],
    [{ ...link, local: true }, 'itself'],
    [{ error: 'none' }, 'no route'],
    [{ error: 'other' }, 'refused'],
    [{ error: 'unreachable' }, 'unreachable'],
    [{ skipped: 'the image has no ip' }, '-'],
  ])('says by what it goes: %j', (more, via) => {
    expect(row(more)?.[2]).toBe(via);
  });

  it.each([
    [true, 'yes'],
    [false, 'none'],
    [null, '-'],
  ])('says of an answer that is %j: %s', (answered, told) => {
    expect(row({ answered })?.[5]).toBe(told);
  });
});
