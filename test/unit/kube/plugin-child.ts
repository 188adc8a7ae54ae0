// Runs a credential plugin several times, as a long command does, and prints whether its own outputs still do not block.
import { readFileSync } from 'node:fs';
import { rawOutputs } from '../../../src/console/raw-output.ts';
import { execCredential } from '../../../src/kube/exec-credential.ts';
import type { ExecPlugin, KubeCluster } from '../../../src/kube/kubeconfig-file.ts';

const plugin: ExecPlugin = {
  command: process.argv[2] ?? '',
  args: [],
  env: [],
  apiVersion: 'client.authentication.k8s.io/v1',
  installHint: undefined,
  provideClusterInfo: false,
  interactiveMode: 'Never',
};
/** O_NONBLOCK, as Linux has it. */
const NONBLOCK = 0o4000;

function isBlocking(fd: number): boolean {
  const flags = /^flags:\s*(\d+)/m.exec(readFileSync(`/proc/self/fdinfo/${fd}`, 'utf8'))?.[1] ?? '';
  return (Number.parseInt(flags, 8) & NONBLOCK) === 0;
}

const { stdout } = rawOutputs();
for (let i = 0; i < 3; i++) {
  const running = execCredential(plugin, {} as KubeCluster);
  const meanwhile = [isBlocking(1), isBlocking(2)];
  await running;
  stdout.write(`${[...meanwhile, isBlocking(1), isBlocking(2)].join(' ')}\n`);
}
