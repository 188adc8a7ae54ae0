/** Warm and cold commands and streaming against kubectl of the cluster's own version, on the test cluster. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { kubeconfig, kubectlPath, repoDir } from '../cluster/paths.ts';
import { type BenchOptions, compare } from './hyperfine.ts';

const NAMESPACE = 'nettools-bench';
const IMAGE = 'localhost/nettools:dev';
const STREAM_BYTES = 300_000_000;
const COLD_RUNS = 15;
const env = { ...process.env, KUBECONFIG: kubeconfig };
const nettools = join(repoDir, 'dist/kubectl-nettools');
const kubectl = kubectlPath();

function run(...args: string[]): string {
  return execFileSync(kubectl, args, { env, encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] });
}

function pod(name: string): string {
  return [
    `${kubectl} delete pod ${name} -n ${NAMESPACE} --now --ignore-not-found --wait`,
    `${kubectl} run ${name} -n ${NAMESPACE} --image=localhost/app:1 --image-pull-policy=Never --command -- sleep 3600`,
    `${kubectl} wait pod/${name} -n ${NAMESPACE} --for=condition=Ready --timeout=60s`,
  ].join(' && ');
}

/** Prints the ratios. The namespace that it makes is removed again. */
export function benchExec(): void {
  execFileSync(
    'sh',
    [
      '-c',
      `${kubectl} create namespace ${NAMESPACE} --dry-run=client -o yaml | ${kubectl} apply -f - && ${pod('warm')}`,
    ],
    {
      env,
      stdio: ['ignore', 'ignore', 'inherit'],
    },
  );
  try {
    execFileSync(nettools, ['run', '-n', NAMESPACE, 'warm', '--', 'true'], {
      env,
      stdio: ['ignore', 'ignore', 'inherit'],
    });
    // kubectl execs into the very container that the session made: same image, same pod.
    const container = run(
      'get',
      'pod',
      'warm',
      '-n',
      NAMESPACE,
      '-o',
      'jsonpath={.spec.ephemeralContainers[0].name}',
    );
    const exec = `${kubectl} exec -n ${NAMESPACE} warm -c ${container}`;
    const options: BenchOptions = { runs: 30, warmup: 3, env };
    compare(
      'warm command, stdin empty',
      [
        { name: 'nettools run POD -- true', command: `${nettools} run -n ${NAMESPACE} warm -- true` },
        { name: 'kubectl exec POD -- true', command: `${exec} -- true` },
      ],
      options,
    );
    compare(
      'completion at the tab key (target 150 ms)',
      [
        { name: 'nettools: POD', command: `${nettools} __complete run -n ${NAMESPACE} wa` },
        {
          name: 'nettools: --to svc/NAME',
          command: `${nettools} __complete latency x --to svc/ku -n default`,
        },
        { name: 'nettools: node/NAME', command: `${nettools} __complete latency node/` },
        { name: 'kubectl get pods POD', command: `${kubectl} __complete get pods -n ${NAMESPACE} wa` },
      ],
      options,
    );
    compare(
      'warm command, stdin from a pipe',
      [
        {
          name: 'echo x | nettools run POD -- cat',
          command: `echo x | ${nettools} run -n ${NAMESPACE} warm -- cat`,
        },
        { name: 'echo x | kubectl exec -i POD -- cat', command: `echo x | ${exec} -i -- cat` },
      ],
      { ...options, shell: true },
    );
    const read = `head -c ${STREAM_BYTES} /dev/zero`;
    compare(
      `streaming ${STREAM_BYTES / 1e6} MB`,
      [
        { name: 'nettools run', command: `${nettools} run -n ${NAMESPACE} warm -- ${read} | wc -c` },
        { name: 'kubectl exec', command: `${exec} -- ${read} | wc -c` },
      ],
      { ...options, runs: 7, warmup: 1, shell: true },
    );
    benchCold();
  } finally {
    run('delete', 'namespace', NAMESPACE, '--wait=false');
  }
}

/** Each command's outputs go to a file: kubectl debug loses some, and a run that loses its output is no fast run. */
function benchCold(): void {
  const folder = mkdtempSync(join(tmpdir(), 'nettools-cold-'));
  const command = "sh -c 'ip -br addr; echo END'";
  const tools = [
    { name: 'nettools run POD', command: `${nettools} run -n ${NAMESPACE} cold -- ${command}` },
    {
      name: 'kubectl debug -i POD',
      command: `${kubectl} debug -n ${NAMESPACE} -i cold --image=${IMAGE} --profile=netadmin -q -- ${command}`,
    },
  ];
  try {
    compare(
      'cold command, a new pod each time',
      tools.map(({ name, command: line }, i) => ({
        name,
        command: `${line} >> ${folder}/${i} 2>/dev/null || true`,
      })),
      { env, runs: COLD_RUNS, prepare: pod('cold'), shell: true },
    );
    tools.forEach(({ name }, i) => {
      const complete = readFileSync(join(folder, String(i)), 'utf8')
        .split('\n')
        .filter((line) => line === 'END');
      console.log(`  ${name.padEnd(44)} complete output: ${complete.length} of ${COLD_RUNS}`);
    });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
