import { describe, expect, it } from 'vitest';
import { ChannelError } from '../../../src/channels/channel.ts';
import { ApiError } from '../../../src/kube/errors.ts';
import { UserError } from '../../../src/model/errors.ts';
import { withUserErrors } from '../../../src/open/failures.ts';
import { GatherError } from '../../../src/probes/gather.ts';

const failing = (error: unknown) => withUserErrors(() => Promise.reject(error));

describe('withUserErrors', () => {
  it('passes a result on', async () => {
    expect(await withUserErrors(async () => 7)).toBe(7);
  });

  it.each([
    [new GatherError('the checks did not come to their end.'), 'the checks did not come to their end.'],
    [new ChannelError('lost', 'the connection was lost'), 'the connection was lost.'],
    [new ChannelError('refused', 'forbidden'), 'the exec was refused: forbidden'],
    [new ChannelError('failed', 'no such file'), 'no such file'],
  ])('tells %s as one sentence, exit 3', async (error, message) => {
    const told = await failing(error).catch((e: unknown) => e);
    expect(told).toBeInstanceOf(UserError);
    expect(told).toMatchObject({ message, exitCode: 3, cause: error });
  });

  it.each([
    [403, expect.stringMatching(/^https:\S+\/docs\/rbac\.md explains /)],
    [500, undefined],
  ])('of an answer %d says where the rights are described, if it is about rights', async (status, hint) => {
    const error = new ApiError(status, undefined, 'services is forbidden');
    const told = await failing(error).catch((e: unknown) => e);
    expect(told).toMatchObject({ message: 'services is forbidden', exitCode: 3, hint });
  });

  it('of an exec that is forbidden says so too', async () => {
    const told = await failing(new ChannelError('refused', 'forbidden', { status: 403 })).catch(
      (e: unknown) => e,
    );
    expect(told).toMatchObject({ exitCode: 3, hint: expect.stringMatching(/\/docs\/rbac\.md explains /) });
  });

  it('leaves alone what is told already, and what nobody has thought of', async () => {
    for (const error of [new UserError('wrong', 2), new TypeError('a bug')])
      await expect(failing(error)).rejects.toBe(error);
  });
});
