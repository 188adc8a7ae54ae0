/** This machine, a namespace of it or of a process as a target. */

import type { Subject } from '../cluster/subject.ts';
import { KubeView } from '../cluster/view.ts';
import { KubeClient } from '../kube/client.ts';
import type { ConnectionFlags, SessionFlags } from '../model/args.ts';
import { UserError } from '../model/errors.ts';
import { type LocalSpec, openLocalSession } from '../targets/local.ts';
import { dockerSources } from './docker-target.ts';
import { type FoundTarget, refuseNetns } from './found-target.ts';
import { openSwitchedLocal } from './switched.ts';

/** A credential plugin that takes longer than this is not waited for. */
const CONNECT_LIMIT_MS = 2000;

interface LocalFlags {
  readonly connection: ConnectionFlags;
  readonly session: SessionFlags;
}

/**
 * Of this machine; it belongs to no cluster, whatever the kubeconfig says. A cluster that the flags name is asked whose the
 * addresses of DESTs are: without them a command on this machine sends nothing to any.
 * @throws {UserError} exit 3: the named cluster's configuration or credentials cannot be used
 */
export async function findLocal(
  target: LocalSpec,
  { connection, session: { netns, container } }: LocalFlags,
  signal: AbortSignal,
): Promise<FoundTarget> {
  if (container !== undefined) {
    throw new UserError('-c names a container of a pod, but TARGET is on this machine: leave it out.', 2);
  }
  const named = await namedPart(connection, signal);
  if (netns === undefined) {
    return {
      subject: {
        ...named,
        isHost: target.kind === 'local',
        addresses: [],
        ...(target.kind === 'local' ? { engine: dockerSources() } : {}),
      },
      open: (options) => openLocalSession(target, options),
    };
  }
  if (target.kind !== 'local') refuseNetns(netns, 'netns:NAME and pid:N already are namespaces.');
  return {
    subject: { ...named, isHost: netns === 'host', addresses: [] },
    open: (options) => openSwitchedLocal(netns, options),
  };
}

/** As part of a subject. */
async function namedPart(connection: ConnectionFlags, signal: AbortSignal): Promise<Pick<Subject, 'named'>> {
  if (connection.context === undefined && connection.kubeconfig === undefined) return {};
  const limit = AbortSignal.any([signal, AbortSignal.timeout(CONNECT_LIMIT_MS)]);
  try {
    return { named: new KubeView(await KubeClient.connect(connection, limit), signal) };
  } catch (error) {
    signal.throwIfAborted();
    if (!limit.aborted) throw error;
    throw new UserError(
      `the credentials of the cluster that you named took longer than ${CONNECT_LIMIT_MS / 1000} s; without --context and --kubeconfig none is asked.`,
      3,
    );
  }
}
