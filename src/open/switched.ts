/** Sessions that switch into another network namespace of the machine that they are on (`--netns`). */

import { readlinkSync } from 'node:fs';
import { hostname } from 'node:os';
import type { Channel } from '../channels/channel.ts';
import { LocalChannel } from '../channels/local.ts';
import { type NamespaceFiles, NsenterChannel } from '../channels/nsenter.ts';
import { discard, TextOutput } from '../channels/output.ts';
import { resolverLines } from '../channels/resolv-conf.ts';
import type { KubeClient } from '../kube/client.ts';
import { ApiError } from '../kube/errors.ts';
import { podsPath } from '../kube/paths.ts';
import { advice, nettools } from '../model/advice.ts';
import { UserError } from '../model/errors.ts';
import type { Pod } from '../model/kube-objects.ts';
import { type NetworkNamespace, namespaceWord } from '../model/namespaces.ts';
import { openLocalSession } from '../targets/local.ts';
import type { OpenOptions, Session } from '../targets/session.ts';
import { chooseNamespace } from './namespace-choice.ts';
import { localNamespaces, nodeNamespaces } from './namespaces.ts';

/** In bytes; real ones have a few hundred. */
const MAX_RESOLV_CONF = 65_536;
const NEVER = new AbortController().signal;

/** A session in a namespace of this machine. @throws {UserError} exit 3: no such namespace, or it takes root */
export async function openSwitchedLocal(word: string, options: OpenOptions): Promise<Session> {
  options.onProgress('looking for the namespace');
  const pid = processIn(word);
  const session =
    pid === undefined
      ? await openChosen(
          chooseNamespace(
            await localNamespaces(new LocalChannel(), options.signal ?? NEVER),
            word,
            undefined,
          ),
          options,
        )
      : await openLocalSession({ kind: 'pid', pid }, options);
  const { address } = session.info;
  return changed(session, { info: { kind: 'local', name: hostname(), address, netns: word } });
}

/** The same session with other parts. */
export function changed(session: Session, parts: Partial<Session>): Session {
  const { channel, info, budget, notes } = session;
  return { channel, info, budget, notes, close: () => session.close(), ...parts };
}

function openChosen(chosen: NetworkNamespace, options: OpenOptions): Promise<Session> {
  const [holder] = chosen.processes;
  const [path] = chosen.paths;
  if (readlinkSync('/proc/self/ns/net') === `net:[${chosen.inode}]`) {
    return openLocalSession({ kind: 'local' }, options);
  }
  if (holder) return openLocalSession({ kind: 'pid', pid: holder.pid }, options);
  // The machine's own, and this process is elsewhere.
  return openLocalSession(
    path === undefined ? { kind: 'pid', pid: 1 } : { kind: 'netns', where: path },
    options,
  );
}

/** The pod that a word names, when it has a network of its own on this node; it tells the checks what to expect. */
export async function podOnNode(
  client: KubeClient,
  node: string,
  word: string,
  signal: AbortSignal,
): Promise<Pod | undefined> {
  const [, namespace = client.namespace, name] =
    /^(?:pods?\/)?(?:([a-z0-9-]+)\/)?([a-z0-9][a-z0-9.-]*)$/.exec(word) ?? [];
  if (name === undefined || /^\d+$/.test(word)) return undefined;
  try {
    const pod = await client.get<Pod>(podsPath(namespace, name), { signal });
    return pod.spec?.nodeName === node && pod.spec.hostNetwork !== true ? pod : undefined;
  } catch (error) {
    // It may be another kind of name, or one that the user may not read: then less is known.
    if (error instanceof ApiError && (error.status === 404 || error.status === 403)) return undefined;
    throw error;
  }
}

/**
 * The node's session, switched; it is closed when that fails.
 * @param session on the node, in a container that sees the node's processes
 * @param pods those that the word may name; without them, all of the node that the user may list
 * @throws {UserError} exit 3: no such namespace
 */
export async function switchedOnNode(
  client: KubeClient,
  node: string,
  word: string,
  session: Session,
  options: OpenOptions,
  pods?: readonly Pod[],
): Promise<Session> {
  try {
    const signal = options.signal ?? NEVER;
    options.onProgress('looking for the namespace');
    const pid = processIn(word);
    if (pid !== undefined) {
      if (!(await isThere(session.channel, `/proc/${pid}`, signal))) {
        throw new UserError(`no process ${pid} on node "${node}".`, 3, {
          hint: advice`"${nettools`netns ls ${node}`}" lists its namespaces and who lives in them.`,
        });
      }
      return await into(session, word, `/proc/${pid}/ns/net`, pid, '', signal);
    }
    const { root, namespaces } = await nodeNamespaces(client, node, session.channel, signal, pods);
    const chosen = chooseNamespace(namespaces, word, client.namespace);
    if (chosen.kind === 'host') return changed(session, { info: { ...session.info, netns: 'host' } });
    const [address = ''] = chosen.interfaces.flatMap(({ addresses }) => addresses);
    // A sandbox's own process has few files; one of a container's has its resolv.conf.
    const holder = chosen.processes.find(({ command }) => command !== 'pause') ?? chosen.processes[0];
    const path = holder ? `/proc/${holder.pid}/ns/net` : `${root}${chosen.paths[0]}`;
    return await into(session, namespaceWord(chosen), path, holder?.pid, address.replace(/\/.*/, ''), signal);
  } catch (error) {
    await session.close();
    throw error;
  }
}

async function into(
  session: Session,
  netns: string,
  path: string,
  pid: number | undefined,
  address: string,
  signal: AbortSignal,
): Promise<Session> {
  const resolvConf =
    pid === undefined
      ? ''
      : resolverLines(await read(session.channel, `/proc/${pid}/root/etc/resolv.conf`, signal));
  const files: NamespaceFiles = resolvConf === '' ? {} : { resolvConf };
  const notes = resolvConf === '' ? ["names are looked up by the node's /etc/resolv.conf"] : [];
  return changed(session, {
    channel: new NsenterChannel(session.channel, path, files),
    info: { ...session.info, address, netns },
    notes: [...session.notes, ...notes],
  });
}

async function isThere(channel: Channel, path: string, signal: AbortSignal): Promise<boolean> {
  const command = ['sh', '-c', 'test -e "$1"', 'nettools-look', path];
  return (await channel.run(command, { stdout: discard(), stderr: discard(), signal })) === 0;
}

/** The beginning of a file; empty when it is none (a pipe would keep its reader) or cannot be read. */
async function read(channel: Channel, path: string, signal: AbortSignal): Promise<string> {
  const stdout = new TextOutput(MAX_RESOLV_CONF);
  const script = '[ -f "$1" ] && exec head -c "$2" "$1"';
  const command = ['sh', '-c', script, 'nettools-read', path, String(MAX_RESOLV_CONF)];
  const code = await channel.run(command, { stdout, stderr: discard(), signal });
  return code === 0 ? stdout.text : '';
}

function processIn(word: string): number | undefined {
  const pid = /^pid:([1-9]\d{0,9})$/.exec(word)?.[1];
  return pid === undefined ? undefined : Number(pid);
}
