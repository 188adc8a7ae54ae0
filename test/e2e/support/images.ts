/** Images that a test has made the nodes pull. */
import { join } from 'node:path';
import { binDir, nodes } from '../../cluster/paths.ts';
import { run } from '../../cluster/proc.ts';

/** Removes a registry's images from all nodes. */
export async function removeImages(registry: string): Promise<void> {
  for (const node of nodes) {
    const ctr = [
      join(binDir('containerd'), 'ctr'),
      '--address',
      node.containerdSocket,
      '-n',
      'k8s.io',
      'images',
    ];
    const names = (await run([...ctr, 'ls', '-q']))
      .split('\n')
      .filter((name) => name.startsWith(`${registry}/`));
    if (names.length > 0) await run([...ctr, 'rm', ...names]);
  }
}
