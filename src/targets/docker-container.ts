/** The container of a Docker session: what is asked of the engine, and which of its containers are ours. Pure. */
import { compactScript } from '../channels/script.ts';
import type { DockerContainer, DockerListed } from '../docker/types.ts';
import KEEPER from './keeper.sh';
import { type Profile, UNPRIVILEGED_ID } from './profiles.ts';

/** Marks the containers of sessions; its value is the target's id. */
export const SESSION_LABEL = 'kubectl-nettools.session';
/** Of a container that stays after its session: what it was made for. */
const KEPT_LABEL = 'kubectl-nettools.kept';
/** The process that makes it and starts it (docker-owner.ts). */
const OWNER_LABEL = 'kubectl-nettools.owner';
/** A container is started a moment after it was created; one that was not lost its client in between. */
const START_LIMIT_S = 60;

/** What a session needs of its container. */
export interface DockerSessionSpec {
  readonly image: string;
  readonly profile: Profile;
  readonly idleSeconds: number;
  /** Whether the session sees the target's processes. */
  readonly sharesProcesses: boolean;
  /** Whether the container stays for the next session. */
  readonly keep: boolean;
  /** Whether the engine limits what the container may take of its host. */
  readonly limited: boolean;
  /** The value of a label; absent: not known. */
  readonly owner?: string | undefined;
}

/**
 * What netadmin keeps of root's capabilities. Beside the two that network tools are about: ports below 1024 for
 * servers, another user for tcpdump when it has opened its socket, and the right to end that tcpdump.
 */
const NETADMIN_CAPABILITIES = ['NET_ADMIN', 'NET_RAW', 'NET_BIND_SERVICE', 'SETUID', 'SETGID', 'KILL'];

/** What reading a host's rules takes: nftables wants NET_ADMIN, and legacy iptables a raw socket. */
const HOST_CAPABILITIES = ['NET_ADMIN', 'NET_RAW'];

/** The body of POST /containers/create. */
export function dockerContainerBody(target: DockerContainer, spec: DockerSessionSpec): object {
  return {
    ...common(target, spec),
    ...userOf(spec.profile),
    HostConfig: {
      ...HOST_CONFIG,
      ...(spec.limited ? LIMITS : {}),
      NetworkMode: `container:${target.Id}`,
      ...(spec.sharesProcesses ? { PidMode: `container:${target.Id}` } : {}),
      // The user namespace that the target's network belongs to: from another one, NET_ADMIN would mean nothing there.
      ...(target.HostConfig.UsernsMode ? { UsernsMode: target.HostConfig.UsernsMode } : {}),
      ...capabilitiesOf(spec.profile),
    },
  };
}

/**
 * The same of a container that reads the rules of the engine's host while the target is looked at. It has the host's
 * network, none of its processes and files, and belongs to its client whatever `keep` says.
 */
export function hostContainerBody(target: DockerContainer, spec: DockerSessionSpec): object {
  return {
    ...common(target, { ...spec, keep: false }),
    User: '0:0',
    HostConfig: {
      ...HOST_CONFIG,
      ...(spec.limited ? LIMITS : {}),
      NetworkMode: 'host',
      // An engine that remaps users lets no other into the host's network.
      UsernsMode: 'host',
      CapDrop: ['ALL'],
      CapAdd: HOST_CAPABILITIES,
    },
  };
}

const HOST_CONFIG = {
  AutoRemove: true,
  LogConfig: { Type: 'none', Config: {} },
  SecurityOpt: ['no-new-privileges'],
};

/**
 * What protects the host from what runs in the container, whose cgroup is its own and not the target's: as much memory as
 * a node's pod may take, and more processes than any command of the tool starts.
 */
const LIMITS = { Memory: 512 * 1024 ** 2, PidsLimit: 1024 };

function common(target: DockerContainer, spec: DockerSessionSpec): object {
  const idle = String(spec.idleSeconds);
  return {
    Image: spec.image,
    Entrypoint: ['sh', '-c', compactScript(KEEPER), 'nettools-keeper', idle],
    Cmd: spec.keep ? [] : ['stdin'],
    Labels: {
      [SESSION_LABEL]: target.Id,
      ...(spec.owner === undefined ? {} : { [OWNER_LABEL]: spec.owner }),
      ...(spec.keep ? { [KEPT_LABEL]: keptKey(target, spec) } : {}),
    },
    // Process 1's stdin is a connection of the client's, and ends with it.
    ...(spec.keep ? {} : { OpenStdin: true, StdinOnce: true, AttachStdin: true }),
    // An image's own would run beside the keeper, and its failures would be written down.
    Healthcheck: { Test: ['NONE'] },
    WorkingDir: '/',
  };
}

function userOf(profile: Profile): object {
  return { User: profile === 'restricted' ? `${UNPRIVILEGED_ID}:${UNPRIVILEGED_ID}` : '0:0' };
}

function capabilitiesOf(profile: Profile): object {
  switch (profile) {
    case 'netadmin':
      return { CapDrop: ['ALL'], CapAdd: NETADMIN_CAPABILITIES };
    case 'baseline':
      return {};
    case 'restricted':
      return { CapDrop: ['ALL'] };
  }
}

/**
 * What a kept container serves. Its start belongs to it: a target that was started again has another network namespace,
 * and the container stays in the old one.
 */
function keptKey({ State }: DockerContainer, spec: DockerSessionSpec): string {
  return JSON.stringify([State.StartedAt, spec.image, spec.profile, spec.sharesProcesses]);
}

/** The running container that an earlier session left for one like this. */
export function findKept(
  listed: readonly DockerListed[],
  target: DockerContainer,
  spec: DockerSessionSpec,
): DockerListed | undefined {
  return listed.find(
    ({ State, Labels }) =>
      State === 'running' &&
      Labels?.[SESSION_LABEL] === target.Id &&
      Labels[KEPT_LABEL] === keptKey(target, spec),
  );
}

/**
 * Whether a session's container was left over by a client that was killed, or by a daemon that was.
 * @param isGone whether the process of an owner's label has ended
 */
export function isLeftOver(
  { State, Created, Labels }: DockerListed,
  nowMs: number,
  isGone: (owner: string | undefined) => boolean,
): boolean {
  // podman says stopped until it has tidied up.
  if (State === 'exited' || State === 'stopped' || State === 'dead') return true;
  const isOwnerGone = isGone(Labels?.[OWNER_LABEL]);
  // Its stdin ends with its client, unless a daemon that was started anew has opened that again before.
  if (State === 'running') return isOwnerGone && Labels?.[KEPT_LABEL] === undefined;
  return State === 'created' && (nowMs / 1000 - Created > START_LIMIT_S || isOwnerGone);
}
