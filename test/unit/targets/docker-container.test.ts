import { describe, expect, it } from 'vitest';
import type { DockerContainer, DockerListed } from '../../../src/docker/types.ts';
import {
  type DockerSessionSpec,
  dockerContainerBody,
  findKept,
  hostContainerBody,
  isLeftOver,
} from '../../../src/targets/docker-container.ts';

const target = (more: Partial<DockerContainer> = {}): DockerContainer => ({
  Id: 'f00d',
  Name: '/web',
  State: {
    Status: 'running',
    Running: true,
    Paused: false,
    Restarting: false,
    ExitCode: 0,
    Pid: 4711,
    Error: '',
    StartedAt: '2026-01-02T03:04:05.6Z',
  },
  HostConfig: { NetworkMode: 'default' },
  NetworkSettings: { Networks: {}, Ports: {} },
  ...more,
});
const spec: DockerSessionSpec = {
  image: 'tools:1',
  profile: 'netadmin',
  idleSeconds: 600,
  sharesProcesses: false,
  keep: false,
  limited: true,
};

interface Body {
  readonly Labels: Record<string, string>;
  readonly HostConfig: Record<string, unknown>;
  readonly [key: string]: unknown;
}
const body = (more: Partial<DockerSessionSpec> = {}, of = target()): Body =>
  dockerContainerBody(of, { ...spec, ...more }) as Body;

describe('the container', () => {
  it("joins the target's network, and removes itself", () => {
    expect(body().HostConfig).toMatchObject({
      NetworkMode: 'container:f00d',
      AutoRemove: true,
      LogConfig: { Type: 'none' },
    });
    expect(body().HostConfig).not.toHaveProperty('PidMode');
    expect(body({ sharesProcesses: true }).HostConfig).toMatchObject({ PidMode: 'container:f00d' });
  });

  it('may take only so much of its host, where the engine can see to that', () => {
    const limits = { Memory: 536_870_912, PidsLimit: 1024 };
    expect(body().HostConfig).toMatchObject(limits);
    expect(hostContainerBody(target(), spec)).toMatchObject({ HostConfig: limits });
    expect(body({ limited: false }).HostConfig).not.toHaveProperty('Memory');
    expect(body({ limited: false }).HostConfig).not.toHaveProperty('PidsLimit');
    // Its cgroup is the engine's choice: another one than the target's.
    expect(body().HostConfig).not.toHaveProperty('CgroupParent');
  });

  it.each([
    ['netadmin', '0:0', ['ALL'], ['NET_ADMIN', 'NET_RAW', 'NET_BIND_SERVICE', 'SETUID', 'SETGID', 'KILL']],
    ['baseline', '0:0', undefined, undefined],
    ['restricted', '65532:65532', ['ALL'], undefined],
  ] as const)('has the rights of %s and can get no more', (profile, user, dropped, added) => {
    const { User, HostConfig } = body({ profile });
    expect([User, HostConfig['CapDrop'], HostConfig['CapAdd']]).toEqual([user, dropped, added]);
    expect(HostConfig).toMatchObject({ SecurityOpt: ['no-new-privileges'] });
    expect(HostConfig).not.toHaveProperty('Privileged');
  });

  it("lives in the target's user namespace", () => {
    const of = target({ HostConfig: { NetworkMode: 'default', UsernsMode: 'host' } });
    expect(body({}, of).HostConfig).toMatchObject({ UsernsMode: 'host' });
  });

  it('ends with its stdin, unless it is to stay', () => {
    expect(body()).toMatchObject({ OpenStdin: true, StdinOnce: true, Cmd: ['stdin'] });
    const kept = body({ keep: true });
    expect(kept).toMatchObject({ Cmd: [] });
    expect(kept).not.toHaveProperty('OpenStdin');
  });
});

describe("the container in the host's network", () => {
  const host = hostContainerBody(target(), { ...spec, keep: true, sharesProcesses: true }) as Body;

  it('may read the rules there, and sees nothing else of the host', () => {
    expect(host.HostConfig).toEqual({
      AutoRemove: true,
      NetworkMode: 'host',
      UsernsMode: 'host',
      LogConfig: { Type: 'none', Config: {} },
      SecurityOpt: ['no-new-privileges'],
      CapDrop: ['ALL'],
      CapAdd: ['NET_ADMIN', 'NET_RAW'],
      Memory: 536_870_912,
      PidsLimit: 1024,
    });
    expect(host).toMatchObject({ User: '0:0' });
  });

  it('ends with its client, also where the other is kept, and is never used again', () => {
    expect(host).toMatchObject({ OpenStdin: true, StdinOnce: true, Cmd: ['stdin'] });
    expect(host.Labels).toEqual({ 'kubectl-nettools.session': 'f00d' });
  });
});

describe('containers of earlier sessions', () => {
  const listed = (labels: Record<string, string>, more: Partial<DockerListed> = {}): DockerListed => ({
    Id: 'beef',
    Names: ['/x'],
    Image: 'tools:1',
    State: 'running',
    Created: 1_000,
    Labels: labels,
    ...more,
  });
  const kept = listed(body({ keep: true }).Labels);

  it('are used again for the same target, start, image and rights', () => {
    expect(findKept([listed({}), kept], target(), spec)).toBe(kept);
    expect(findKept([kept], target(), { ...spec, keep: true })).toBe(kept);
  });

  it.each([
    ['another target', [kept], target({ Id: 'cafe' }), spec],
    ['another image', [kept], target(), { ...spec, image: 'tools:2' }],
    ['other rights', [kept], target(), { ...spec, profile: 'restricted' as const }],
    [
      'a target that was started anew',
      [kept],
      target({ State: { ...target().State, StartedAt: 'later' } }),
      spec,
    ],
    ['one that has ended', [{ ...kept, State: 'exited' }], target(), spec],
    ['one that belongs to its client', [listed(body().Labels)], target(), spec],
  ])('are not used for %s', (_title, list, of, wanted) => {
    expect(findKept(list, of, wanted)).toBeUndefined();
  });

  it.each([
    ['exited', 1_000, false, true],
    ['stopped', 1_000, false, true],
    ['dead', 1_000, false, true],
    ['running', 100_000, false, false],
    ['running', 1_001, true, true],
    ['created', 1_059, false, false],
    ['created', 1_061, false, true],
    ['created', 1_001, true, true],
  ])('are left over: %s, seen at %i s, its owner gone: %j', (state, seconds, isGone, expected) => {
    expect(isLeftOver(listed({}, { State: state }), seconds * 1000, () => isGone)).toBe(expected);
  });

  it('are not left over while they are kept for the next command, though their owner has gone', () => {
    expect(isLeftOver(kept, 100_000_000, () => true)).toBe(false);
  });
});
