/** A list of network namespaces for people. Pure. */
import {
  fileName,
  type NamespaceInterface,
  type NetworkNamespace,
  namespaceWord,
} from '../model/namespaces.ts';
import { plainTable } from './tables.ts';
import { visible } from './text.ts';

/** More in one cell would hide the rest of the line; JSON has them all. */
const MAX_ITEMS = 3;

const HEAD = ['INODE', 'KIND', 'NAME', 'PID', 'ADDRESSES', 'INTERFACES→PEER'];

/** A text of lines, without a trailing newline. */
export function namespaceTable(namespaces: readonly NetworkNamespace[]): string {
  const names = new Map(namespaces.map((one) => [one.inode, namespaceWord(one)]));
  const host = namespaces.find(({ kind }) => kind === 'host')?.inode;
  const rows = namespaces.map((one) => [
    one.inode,
    one.kind,
    longName(one),
    String(one.processes[0]?.pid ?? '-'),
    few(one.interfaces.flatMap(({ addresses }) => addresses)),
    few(links(one, host, names)),
  ]);
  return plainTable(
    HEAD,
    rows.map((row) => row.map(visible)),
  );
}

/** The host's ends of pods' links are shown with the pods. */
function links(
  { interfaces, kind }: NetworkNamespace,
  host: string | undefined,
  names: ReadonlyMap<string, string>,
): string[] {
  const shown = interfaces.filter(({ peer }) => kind !== 'host' || peer === undefined || peer.inode === host);
  const hidden = interfaces.length - shown.length;
  return [
    ...shown.map((link) => `${link.name}${peerText(link, host, names)}`),
    ...(hidden === 0 ? [] : [hidden === 1 ? '1 link elsewhere' : `${hidden} links elsewhere`]),
  ];
}

function peerText(
  { peer }: NamespaceInterface,
  host: string | undefined,
  names: ReadonlyMap<string, string>,
): string {
  if (peer === undefined) return '';
  return peer.inode === host ? `→${peer.name}` : `→${peer.name}@${names.get(peer.inode) ?? peer.inode}`;
}

function few(items: readonly string[]): string {
  if (items.length === 0) return '-';
  const more = items.length - MAX_ITEMS;
  return [...items.slice(0, MAX_ITEMS), ...(more > 0 ? [`+${more}`] : [])].join(', ');
}

/** All that it is called, and who lives there. */
function longName(one: NetworkNamespace): string {
  const { kind, pods, containers, paths, processes, processCount } = one;
  switch (kind) {
    case 'host':
      return pods.length === 0 ? `${processCount} processes` : `${pods.length} pods of the host network`;
    case 'pod': {
      const [pod] = pods;
      const names = containers.flatMap(({ name }) => name ?? []);
      const title = pod?.name === undefined ? `pod ${pod?.uid}` : `${pod.namespace}/${pod.name}`;
      return names.length === 0 ? title : `${title} (${few(names)})`;
    }
    case 'container':
      return few(containers.map(({ name, id }) => name ?? id.slice(0, 12)));
    case 'named':
      return few(paths.map(fileName));
    case 'process': {
      const commands = few([...new Set(processes.map(({ command }) => command))]);
      return paths.length === 0 ? commands : `${few(paths.map(fileName))} (${commands})`;
    }
  }
}
