import { describe, expect, it } from 'vitest';
import { ChannelError } from '../../../src/channels/channel.ts';
import { ApiError } from '../../../src/kube/errors.ts';
import { UserError } from '../../../src/model/errors.ts';
import { withUserErrors } from '../../../src/open/failures.ts';
import { GatherError } from '../../../src/probes/gather-error.ts';

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

  const hint = expect.stringMatching(/^https:\S+\/docs\/rbac\.md explains /);
  const noRight =
    'services is forbidden: User "x" cannot list resource "services" in API group "" in the namespace "a"';
  const noRole =
    'deployments.apps "w" is forbidden: User "x" cannot get resource "deployments" in API group "apps" at the cluster scope: RBAC: clusterrole "y" not found';
  const noNodes =
    'nodes is forbidden: User "x" cannot list resource "nodes" in API group "" at the cluster scope';
  const WEBHOOK = 'admission webhook "pods.example.com" denied the request: no privileged pods';
  const POD_SECURITY = 'pods "a" is forbidden: violates PodSecurity "restricted:latest": hostNetwork';

  it.each([
    [403, 'Forbidden', 'forbidden: User "x" cannot get path "/version"', hint],
    [403, 'Forbidden', WEBHOOK, undefined],
    [403, 'Forbidden', POD_SECURITY, undefined],
    [403, undefined, 'HTTP 403 from https://198.51.100.1', undefined],
    [500, undefined, noRight, undefined],
  ])(
    'of %d %s %j says where the rights are described, if it is about rights',
    async (status, reason, message, says) => {
      const told = await failing(new ApiError(status, reason, message)).catch((e: unknown) => e);
      const lacksRights = says !== undefined;
      expect(told).toMatchObject({ message, exitCode: 3, hint: says, lacksRights });
    },
  );

  it.each([
    [noRight, 'you may not list services in namespace "a"; the API server knows you as "x".'],
    [noNodes, 'you may not list nodes; the API server knows you as "x".'],
    [
      noRole,
      'you may not get deployments.apps in all namespaces; the API server knows you as "x" (RBAC: clusterrole "y" not found).',
    ],
  ])('of a right that is refused names it: %j', async (raw, message) => {
    const told = await failing(new ApiError(403, 'Forbidden', raw)).catch((e: unknown) => e);
    expect(told).toMatchObject({ message, exitCode: 3, hint, lacksRights: true });
  });

  it.each([
    ['pods "web" is forbidden: User "x" cannot create resource "pods/exec"', hint],
    ['HTTP 403: blocked by policy', undefined],
  ])('of an exec that is refused with %j does so too', async (message, says) => {
    const told = await failing(new ChannelError('refused', message, { status: 403 })).catch(
      (e: unknown) => e,
    );
    expect(told).toMatchObject({ exitCode: 3, hint: says });
  });

  it('of an exec names the right that is refused too', async () => {
    const raw =
      'pods "w" is forbidden: User "x" cannot get resource "pods/exec" in API group "" in the namespace "a"';
    const told = await failing(new ChannelError('refused', raw, { status: 403 })).catch((e: unknown) => e);
    expect(told).toMatchObject({
      message: 'you may not get pods/exec in namespace "a"; the API server knows you as "x".',
      exitCode: 3,
      hint,
    });
  });

  it('leaves alone what is told already, and what nobody has thought of', async () => {
    for (const error of [new UserError('wrong', 2), new TypeError('a bug')])
      await expect(failing(error)).rejects.toBe(error);
  });
});
