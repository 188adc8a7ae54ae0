/** How long the binary takes to say something, against kubectl's own `version --client`; needs no cluster. */
import { existsSync } from 'node:fs';
import path from 'node:path';
import { root } from '../../scripts/lib/process.ts';
import { kubectlPath } from '../cluster/paths.ts';
import { compare } from './hyperfine.ts';

const binary = path.join(root, 'dist/kubectl-nettools');
for (const [file, script] of [
  [binary, 'build'],
  [kubectlPath(), 'cluster:up'],
] as const) {
  if (!existsSync(file)) throw new Error(`${file} is not there: run "npm run ${script}" first`);
}

compare(
  'Start-up (no cluster)',
  [
    { name: 'kubectl nettools --version (target 1.0x)', command: `${binary} --version` },
    { name: 'kubectl nettools --help (target 1.5x)', command: `${binary} --help` },
    { name: 'kubectl nettools latency --help', command: `${binary} latency --help` },
    { name: 'kubectl nettools version -o json (parser)', command: `${binary} version -o json` },
    { name: 'completion: a command', command: `${binary} __complete latenc` },
    { name: 'completion: a finding', command: `${binary} __complete explain NT-L` },
    { name: 'kubectl version --client', command: `${kubectlPath()} version --client` },
  ],
  { runs: 50, warmup: 5 },
);
