/** The docker-proxy processes of an engine that runs on this machine; any user may read their words. */
import { readdir, readFile } from 'node:fs/promises';
import type { DockerProxy } from '../model/docker-ports.ts';
import type { DockerContainer } from './types.ts';

/** Whether the container's own processes are to be seen here, and the engine's with them. */
export async function runsHere({ Id, State }: DockerContainer): Promise<boolean> {
  // The number alone proves nothing: the engine may be on another machine, or in a virtual one.
  const cgroup = await read(`/proc/${State.Pid}/cgroup`);
  return cgroup.includes(Id);
}

/** `undefined`: the engine's processes are not to be seen here. */
export async function dockerProxies(container: DockerContainer): Promise<DockerProxy[] | undefined> {
  if (!(await runsHere(container))) return undefined;
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const all = await Promise.all(pids.map((pid) => read(`/proc/${pid}/cmdline`)));
  return all.flatMap((text) => proxyOf(text.split('\0')) ?? []);
}

/** @param words such as `docker-proxy -proto tcp -host-ip 0.0.0.0 -host-port 80 -container-ip … -container-port …` */
export function proxyOf([program = '', ...words]: readonly string[]): DockerProxy | undefined {
  if (!/(^|\/)docker-proxy$/.test(program)) return undefined;
  const word = (name: string): string => {
    const at = words.indexOf(name);
    return at < 0 ? '' : (words[at + 1] ?? '');
  };
  return {
    protocol: word('-proto'),
    hostAddress: word('-host-ip'),
    hostPort: Number(word('-host-port')),
    containerAddress: word('-container-ip'),
    containerPort: Number(word('-container-port')),
  };
}

async function read(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch {
    // It ended in between, or it is not for this user's eyes.
    return '';
  }
}
