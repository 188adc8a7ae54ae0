/** Kernel settings that a kubelet changes for the whole machine: noted before, put back after. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { writeFile } from './files.ts';
import { runDir } from './paths.ts';

// kubelet's setupKernelTunables (pkg/kubelet/cm/container_manager_linux.go).
const names = [
  'vm/overcommit_memory',
  'vm/panic_on_oom',
  'kernel/panic',
  'kernel/panic_on_oops',
  'kernel/keys/root_maxkeys',
  'kernel/keys/root_maxbytes',
];
const noteFile = join(runDir, 'sysctls.json');
const pathOf = (name: string): string => join('/proc/sys', name);

/** Notes the present values, unless this cluster's first start noted them. */
export function noteSysctls(): void {
  if (existsSync(noteFile)) return;
  const values = names
    .filter((name) => existsSync(pathOf(name)))
    .map((name) => [name, readFileSync(pathOf(name), 'utf8').trim()]);
  writeFile(noteFile, JSON.stringify(Object.fromEntries(values)));
}

/** Puts the noted values back. */
export function restoreSysctls(): void {
  if (!existsSync(noteFile)) return;
  const values = JSON.parse(readFileSync(noteFile, 'utf8')) as Record<string, string>;
  for (const [name, value] of Object.entries(values)) writeFileSync(pathOf(name), value);
}
