import { describe, expect, it } from 'vitest';
import { UserError } from '../../../src/model/errors.ts';

describe('UserError', () => {
  it('is known by its brand, so that a copy of the class in another bundle counts too', () => {
    const brand = Object.getOwnPropertySymbols(new UserError('x', 3)).find(
      (one) => Symbol.keyFor(one) !== undefined,
    );
    if (brand === undefined) throw new Error('no brand');
    const foreign = Object.assign(new Error('y'), { [brand]: true, exitCode: 3 });
    expect(foreign instanceof UserError).toBe(true);
    expect(new UserError('x', 2) instanceof UserError).toBe(true);
    expect((new Error('z') as unknown) instanceof UserError).toBe(false);
    expect((null as unknown) instanceof UserError).toBe(false);
  });

  it('leaves a class that extends it as it is', () => {
    class Special extends UserError {}
    expect(new Special('x', 3) instanceof Special).toBe(true);
    expect(new Special('x', 3) instanceof UserError).toBe(true);
    expect(new UserError('x', 3) instanceof Special).toBe(false);
  });

  it('keeps its cause and its hint', () => {
    const cause = new Error('why');
    expect(new UserError('x', 3, { cause, hint: 'do this' })).toMatchObject({
      cause,
      hint: 'do this',
      exitCode: 3,
    });
  });
});
