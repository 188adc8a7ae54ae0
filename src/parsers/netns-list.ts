/** Parses what probes/netns-list.sh prints. Pure. */
import {
  fileName,
  type NamespaceContainer,
  type NamespaceInterface,
  type NamespaceKind,
  type NamespacePod,
  type NamespaceProcess,
  type NetworkNamespace,
  namespaceWord,
} from '../model/namespaces.ts';
import { type CgroupOwner, cgroupOwner } from './cgroup.ts';
import { type InterfaceLinks, parseInterfaceLinks, parseNamespaceIds, withPeers } from './interface-peers.ts';

/** A process that lives in a namespace, and whose it is. */
interface Resident extends CgroupOwner, NamespaceProcess {
  /** When it was started, in ticks of uptime. */
  readonly start: number;
}

/** A namespace while its facts come in. */
interface Draft {
  readonly paths: string[];
  readonly processes: Resident[];
  count: number;
  links: readonly InterfaceLinks[];
  /** Names under /run/netns by the id that this namespace has for them. */
  ids: ReadonlyMap<number, string>;
  unread: string | undefined;
}

/** What is known of a machine. */
export interface MachineNamespaces {
  /** Where its files are, as the probe's commands see them; empty on the machine itself. */
  readonly root: string;
  readonly namespaces: readonly NetworkNamespace[];
}

/** @throws {Error} the text ends before the list does */
export function parseNetnsList(text: string): MachineNamespaces {
  const drafts = new Map<string, Draft>();
  const pods = new Map<string, NamespacePod>();
  const logs = new Map<string, ContainerLog>();
  let host = '';
  let root = '';
  let isComplete = false;
  const draft = (inode: string): Draft => {
    const known = drafts.get(inode);
    if (known) return known;
    const made: Draft = {
      paths: [],
      processes: [],
      count: 0,
      links: [],
      ids: new Map(),
      unread: undefined,
    };
    drafts.set(inode, made);
    return made;
  };
  for (const line of text.split('\n')) {
    const [verb = '', inode = '', ...fields] = line.split('\t');
    switch (verb) {
      case 'root':
        root = inode;
        break;
      case 'own':
        draft(inode);
        break;
      case 'host':
        host = inode;
        draft(inode);
        break;
      case 'process':
        addProcess(draft(inode), fields);
        break;
      case 'count':
        draft(inode).count = Number(fields[0]);
        break;
      case 'mount':
        addPath(draft(inode), unescaped(fields.join('\t')));
        break;
      case 'link':
        draft(inode).links = parseInterfaceLinks(fields.join(' ')) ?? [];
        break;
      case 'ids':
        draft(inode).ids = parseNamespaceIds(fields.join(' '));
        break;
      case 'unread':
        draft(inode).unread = fields.join(' ');
        break;
      case 'pod':
        addPod(pods, inode);
        break;
      case 'log':
        addLog(logs, inode);
        break;
      case 'done':
        isComplete = true;
        break;
    }
  }
  if (!isComplete) throw new Error('the list of namespaces is incomplete');
  // The probe's own names are the numbers.
  const byName = new Map([
    ...[...drafts.keys()].map((inode) => [inode, inode] as const),
    ...inodesByName(drafts),
  ]);
  const links = [...drafts].map(([inode, { links, ids }]) => ({
    inode,
    links,
    inodes: new Map([...ids].flatMap(([id, name]) => known(id, byName.get(name)))),
  }));
  const interfaces = withPeers(links, host);
  const namespaces = [...drafts]
    .map(([inode, found]) => finished(inode, found, inode === host, pods, logs, interfaces.get(inode) ?? []))
    .sort(byKind);
  return { root, namespaces };
}

function known(id: number, inode: string | undefined): [number, string][] {
  return inode === undefined ? [] : [[id, inode]];
}

/** The names are those of `ip netns` (ip-netns(8)). */
function inodesByName(drafts: ReadonlyMap<string, Draft>): Map<string, string> {
  const entries = [...drafts].flatMap(([inode, { paths }]) =>
    paths
      .filter((path) => /^(?:\/var)?\/run\/netns\/[^/]+$/.test(path))
      .map((path): [string, string] => [fileName(path), inode]),
  );
  return new Map(entries);
}

function addProcess(draft: Draft, [pid = '', start = '', cgroup = '', ...command]: readonly string[]): void {
  draft.count++;
  const process = { pid: Number(pid), start: Number(start), command: command.join(' ') };
  draft.processes.push({ ...process, ...cgroupOwner(cgroup) });
}

/** A mount may be there twice, as those of `ip netns` are, whose folder is mounted on itself. */
function addPath(draft: Draft, path: string): void {
  if (!draft.paths.includes(path)) draft.paths.push(path);
}

/** `NAMESPACE_NAME_UID`: neither of a pod's names may hold an underscore. */
function addPod(pods: Map<string, NamespacePod>, folder: string): void {
  const [namespace, name, uid, ...more] = folder.split('_');
  if (namespace && name && uid && more.length === 0) pods.set(uid, { uid, namespace, name });
}

/** What the name of a container's log tells. */
interface ContainerLog {
  readonly pod: string;
  readonly namespace: string;
  readonly container: string;
}

/** `POD_NAMESPACE_CONTAINER-ID.log` */
function addLog(logs: Map<string, ContainerLog>, file: string): void {
  const [, pod = '', namespace = '', container = '', id = ''] =
    /^([^_]+)_([^_]+)_(.+)-([0-9a-f]{64})\.log$/.exec(file) ?? [];
  if (id !== '') logs.set(id, { pod, namespace, container });
}

/** mountinfo writes blanks and backslashes in octal (proc_pid_mountinfo(5)). */
function unescaped(path: string): string {
  return path.replace(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)));
}

function finished(
  inode: string,
  draft: Draft,
  isHost: boolean,
  pods: ReadonlyMap<string, NamespacePod>,
  logs: ReadonlyMap<string, ContainerLog>,
  interfaces: readonly NamespaceInterface[],
): NetworkNamespace {
  // The first one there is the one that it was made for: of a pod the sandbox's own. Others may have been let in later,
  // as a debugger is, and the pods of a host's network into that of the host.
  const processes = draft.processes.toSorted((a, b) => a.start - b.start);
  const containers = [...containersOf(processes).values()].map((container) => {
    const name = logs.get(container.id)?.container;
    return name === undefined ? container : { ...container, name };
  });
  const uids = new Set(processes.flatMap(({ podUid }) => podUid ?? []));
  const { unread } = draft;
  return {
    inode,
    kind: isHost ? 'host' : kindOf(processes[0]),
    paths: draft.paths,
    processes: isHost ? [] : processes.map(({ pid, command }) => ({ pid, command })),
    processCount: draft.count,
    pods: isHost ? [] : [...uids].map((uid) => pods.get(uid) ?? podOf(uid, processes, logs)),
    containers: isHost ? [] : containers,
    interfaces,
    ...(unread === undefined ? {} : { unread }),
  };
}

function containersOf(processes: readonly Resident[]): Map<string, NamespaceContainer> {
  return new Map(processes.flatMap(({ container }) => (container ? [[container.id, container]] : [])));
}

function podOf(
  uid: string,
  processes: readonly Resident[],
  logs: ReadonlyMap<string, ContainerLog>,
): NamespacePod {
  const own = [...containersOf(processes.filter(({ podUid }) => podUid === uid)).keys()];
  const log = own.map((id) => logs.get(id)).find((found) => found !== undefined);
  return log ? { uid, namespace: log.namespace, name: log.pod } : { uid };
}

function kindOf(first: Resident | undefined): Exclude<NamespaceKind, 'host'> {
  if (first === undefined) return 'named';
  if (first.podUid !== undefined) return 'pod';
  return first.container === undefined ? 'process' : 'container';
}

const ORDER: readonly NamespaceKind[] = ['host', 'pod', 'container', 'named', 'process'];

function byKind(a: NetworkNamespace, b: NetworkNamespace): number {
  return (
    ORDER.indexOf(a.kind) - ORDER.indexOf(b.kind) || namespaceWord(a).localeCompare(namespaceWord(b), 'en')
  );
}
