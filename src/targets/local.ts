/** The targets of this machine: the namespace that the tool is in, a named one, a process's. */

import {
  closeSync,
  constants,
  fstatSync,
  openSync,
  readdirSync,
  readlinkSync,
  readSync,
  statSync,
} from 'node:fs';
import { hostname, networkInterfaces } from 'node:os';
import { LocalChannel } from '../channels/local.ts';
import { type NamespaceFiles, NsenterChannel } from '../channels/nsenter.ts';
import { TextOutput } from '../channels/output.ts';
import { resolverLines } from '../channels/resolv-conf.ts';
import { advice, verbatim } from '../model/advice.ts';
import type { TargetSpec } from '../model/args.ts';
import { LOCAL_BUDGET } from '../model/budget.ts';
import { UserError } from '../model/errors.ts';
import type { OpenOptions, Session } from './session.ts';

/** A target of this machine. */
export type LocalSpec = Extract<TargetSpec, { readonly kind: 'local' | 'netns' | 'pid' }>;

/** Where `ip netns` keeps the names (ip-netns(8)). */
const NAMED = '/run/netns';
/** Where it looks for the files of a named namespace. */
const FILES_OF_NAMED = '/etc/netns';
/** Of the addresses that are looked through for the first. */
const MAX_SAID = 65_536;
/** In bytes; real ones have a few hundred. */
const MAX_RESOLV_CONF = 65_536;
/** No more names than this are shown. */
const MAX_NAMES = 8;

const LIST_HINT = advice`"${verbatim`kubectl nettools netns ls local`}" lists all namespaces and who lives in them.`;
const NO_RESOLV_CONF = "names are looked up by this machine's /etc/resolv.conf";

/**
 * Opens a target of this machine; nothing is put anywhere, so closing lets go of the namespace and no more.
 * @throws {UserError} exit 3: this is no Linux, there is no such namespace, or it takes root to enter it
 */
export async function openLocalSession(spec: LocalSpec, options: OpenOptions): Promise<Session> {
  if (process.platform !== 'linux') {
    throw new UserError(`${targetWord(spec)} needs Linux, which this machine does not run.`, 3, {
      hint: 'From here, targets are pods, node/NAME and docker://NAME.',
    });
  }
  if (spec.kind === 'local') return ownSession();
  const namespace = spec.kind === 'netns' ? named(spec.where) : ofProcess(spec.pid);
  // Held by this process: a namespace whose last process ends stays, and a process id that is given again is not it.
  const fd = openNamespace(namespace.path);
  let isOpen = true;
  const close = (): void => {
    if (isOpen) closeSync(fd);
    isOpen = false;
  };
  try {
    const path = `/proc/${process.pid}/fd/${fd}`;
    const channel = new NsenterChannel(new LocalChannel(), path, namespace.files);
    const plain = new NsenterChannel(new LocalChannel({ LC_ALL: 'C' }), path, {});
    const address = await firstAddress(plain, spec, options.signal);
    const name = spec.kind === 'netns' ? spec.where : String(spec.pid);
    return {
      channel,
      info: { kind: spec.kind, name, address },
      budget: LOCAL_BUDGET,
      notes: namespace.notes,
      close: async () => close(),
    };
  } catch (error) {
    close();
    throw error;
  }
}

function ownSession(): Session {
  const all = Object.values(networkInterfaces()).flatMap((addresses) => addresses ?? []);
  const outward = all.filter(({ internal }) => !internal);
  const address = (outward.find(({ family }) => family === 'IPv4') ?? outward[0])?.address ?? '';
  const notes =
    process.getuid?.() === 0
      ? []
      : [
          'without root, whatever needs raw sockets or the firewall rules is left out (use sudo for everything)',
        ];
  return {
    channel: new LocalChannel(),
    info: { kind: 'local', name: hostname(), address },
    budget: LOCAL_BUDGET,
    notes,
    close: async () => undefined,
  };
}

/** A namespace's file, and what belongs to it. */
interface Namespace {
  readonly path: string;
  readonly files: NamespaceFiles;
  readonly notes: readonly string[];
}

/** @param where a name under /run/netns, or a path */
function named(where: string): Namespace {
  if (where.includes('/')) {
    if (!isThere(where)) throw new UserError(`there is no ${where} on this machine.`, 3, { hint: LIST_HINT });
    return { path: where, files: {}, notes: [NO_RESOLV_CONF] };
  }
  const path = `${NAMED}/${where}`;
  if (!isThere(path)) {
    throw new UserError(`no network namespace "${where}" in ${NAMED}${namesThere()}.`, 3, {
      hint: LIST_HINT,
    });
  }
  const folder = `${FILES_OF_NAMED}/${where}`;
  if (!isThere(folder)) return { path, files: {}, notes: [NO_RESOLV_CONF] };
  const notes = isThere(`${folder}/resolv.conf`) ? [] : [NO_RESOLV_CONF];
  return { path, files: { folder }, notes };
}

function namesThere(): string {
  let names: string[];
  try {
    names = readdirSync(NAMED).sort();
  } catch {
    return ', which is not there';
  }
  if (names.length === 0) return ', which is empty';
  const more = names.length > MAX_NAMES ? ', …' : '';
  return ` (it has: ${names.slice(0, MAX_NAMES).join(', ')}${more})`;
}

function ofProcess(pid: number): Namespace {
  const entry = `/proc/${pid}`;
  if (!isThere(entry)) {
    throw new UserError(`no process ${pid} on this machine.`, 3, { hint: LIST_HINT });
  }
  const path = `${entry}/ns/net`;
  try {
    // A process that shares this one's files has the same resolv.conf anyway.
    if (readlinkSync(`${entry}/ns/mnt`) === readlinkSync('/proc/self/ns/mnt')) {
      return { path, files: {}, notes: [] };
    }
    const resolvConf = resolverLines(readBeginning(`${entry}/root/etc/resolv.conf`, MAX_RESOLV_CONF));
    if (resolvConf !== '') return { path, files: { resolvConf }, notes: [] };
  } catch {
    // Told below: there is none, or nobody may read it.
  }
  return { path, files: {}, notes: [`${NO_RESOLV_CONF}: process ${pid} has none that can be read`] };
}

/** The beginning of a file, empty where it is none: a pipe or a device of the process's own would keep its reader. */
function readBeginning(path: string, bytes: number): string {
  const fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  try {
    if (!fstatSync(fd).isFile()) return '';
    const text = Buffer.alloc(bytes);
    return text.toString('utf8', 0, readSync(fd, text));
  } finally {
    closeSync(fd);
  }
}

/** @throws {UserError} exit 3 */
function openNamespace(path: string): number {
  let fd: number | undefined;
  try {
    // Of a pipe without a writer, a plain open would never come back, and no signal would get through.
    fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
    if (fstatSync(fd).dev === statSync('/proc/self/ns/net').dev) return fd;
    closeSync(fd);
  } catch (error) {
    if (fd !== undefined) closeSync(fd);
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === 'EACCES' || code === 'EPERM') throw rootNeeded(error);
    if (code === 'ENOENT') throw new UserError(`${path} is gone: its process has ended.`, 3);
    throw new UserError(`${path} cannot be opened: ${message}`, 3, { cause: error });
  }
  throw notNetwork(path);
}

function notNetwork(path: string): UserError {
  return new UserError(`${path} is not a network namespace.`, 3, { hint: LIST_HINT });
}

function rootNeeded(cause?: unknown): UserError {
  // Root of a container or of a user namespace, which are not the machine's.
  const isRoot = process.getuid?.() === 0;
  return new UserError(
    isRoot
      ? 'this root user may not enter that network namespace: that takes the capabilities SYS_ADMIN and SYS_PTRACE, which root of the machine itself has.'
      : 'entering another network namespace of this machine needs root: use sudo.',
    3,
    { cause },
  );
}

/** The namespace's first global address, empty where it has none; that this works shows that it can be entered. */
async function firstAddress(
  channel: NsenterChannel,
  spec: LocalSpec,
  signal: AbortSignal | undefined,
): Promise<string> {
  const [stdout, stderr] = [new TextOutput(MAX_SAID), new TextOutput(MAX_SAID)];
  const command = ['sh', '-c', 'ip -o addr show scope global 2>/dev/null; :'];
  const code = await channel.run(command, { stdout, stderr, signal });
  if (code !== 0) throw notEntered(stderr.text, spec);
  const addresses = [...stdout.text.matchAll(/ (inet6?) ([0-9a-f.:]+)/g)];
  return (addresses.find(([, family]) => family === 'inet') ?? addresses[0])?.[2] ?? '';
}

/** What nsenter and unshare say in the C locale. */
function notEntered(said: string, spec: LocalSpec): UserError {
  if (/Operation not permitted|Permission denied/i.test(said)) return rootNeeded();
  if (/Invalid argument/i.test(said))
    return notNetwork(spec.kind === 'netns' ? spec.where : targetWord(spec));
  if (/(nsenter|unshare): (command )?not found/.test(said)) {
    return new UserError('nsenter and unshare are missing on this machine: install util-linux.', 3);
  }
  const last = said.trim().split('\n').at(-1) ?? '';
  return new UserError(`${targetWord(spec)} could not be entered: ${last}`, 3);
}

function targetWord(spec: LocalSpec): string {
  switch (spec.kind) {
    case 'local':
      return 'local';
    case 'netns':
      return `netns:${spec.where}`;
    case 'pid':
      return `pid:${spec.pid}`;
  }
}

/** Whether there is such a file; one that may not be looked at is not absent. */
function isThere(path: string): boolean {
  try {
    return statSync(path, { throwIfNoEntry: false }) !== undefined;
  } catch {
    return true;
  }
}
