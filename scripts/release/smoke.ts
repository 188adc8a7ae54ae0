import { spawnSync } from 'node:child_process';
import { closeSync, existsSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';

// Runs a released binary where no cluster is: the start, the parser, the application's code, a user's error.
//   node scripts/release/smoke.ts vX.Y.Z COMMAND…   COMMAND is the binary, with what runs it in front (qemu, wine)

interface Expected {
  readonly args: readonly string[];
  readonly code: number;
  readonly stdout: RegExp;
  readonly stderr: RegExp;
}

const nothing = /^$/;
/** Windows lets go of a program some time after its end. */
const removal = { recursive: true, maxRetries: 20, retryDelay: 250 } as const;
const [version = '', ...command] = process.argv.slice(2);
const missing = 'no-such-kubeconfig';
const cases: readonly Expected[] = [
  { args: ['--version'], code: 0, stdout: new RegExp(`^kubectl-nettools ${version} `), stderr: nothing },
  { args: ['--help'], code: 0, stdout: /\bdiagnose\b/, stderr: nothing },
  { args: ['version', '-o', 'json'], code: 0, stdout: /"platform": "\w+\/\w+"/, stderr: nothing },
  { args: ['explain', 'NT-LAT-001'], code: 0, stdout: /^NT-LAT-001 /, stderr: nothing },
  { args: ['latency'], code: 2, stdout: nothing, stderr: /^error: latency needs a TARGET/ },
  {
    args: ['diagnose', 'pod', '--kubeconfig', missing],
    code: 3,
    stdout: nothing,
    stderr: /^error: the kubeconfig .*no-such-kubeconfig does not exist/,
  },
];

/** Output goes to files: under wine a program does not write to a pipe. */
function run(
  args: readonly string[],
  program: readonly string[] = command,
): { code: number | null; stdout: string; stderr: string } {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'nettools-smoke-'));
  try {
    const files = ['stdout', 'stderr'].map((name) => path.join(folder, name));
    const outputs = files.map((file) => openSync(file, 'w'));
    const [file = '', ...before] = program;
    const { status, error } = spawnSync(file, [...before, ...args], { stdio: ['ignore', ...outputs] });
    outputs.forEach(closeSync);
    if (error !== undefined) throw error;
    const [stdout = '', stderr = ''] = files.map((one) => readFileSync(one, 'utf8'));
    return { code: status, stdout, stderr };
  } finally {
    rmSync(folder, removal);
  }
}

for (const { args, code, stdout, stderr } of cases) check(run(args), { args, code, stdout, stderr });
checkCompletion();

/** The program that kubectl asks for completions; elsewhere than on Windows it is a script that needs a PATH. */
function checkCompletion(): void {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'nettools-smoke-'));
  try {
    const args = ['completion', 'install', '--dir', folder];
    check(run(args), {
      args,
      code: 0,
      stdout: /^wrote .*kubectl_complete-nettools/,
      stderr: /is not in PATH/,
    });
    const program = path.join(folder, 'kubectl_complete-nettools.exe');
    if (!existsSync(program)) return;
    const words = ['explain', 'NT-LAT-00'];
    check(run(words, [...command.slice(0, -1), program]), {
      args: [path.basename(program), ...words],
      code: 0,
      stdout: /^NT-LAT-001\t(.*\n)+:4\n$/,
      stderr: nothing,
    });
  } finally {
    rmSync(folder, removal);
  }
}

function check(actual: ReturnType<typeof run>, { args, code, stdout, stderr }: Expected): void {
  const good = actual.code === code && stdout.test(actual.stdout) && stderr.test(actual.stderr);
  console.log(`${good ? 'ok  ' : 'FAIL'} ${args.join(' ')}`);
  if (good) return;
  console.log(`expected ${code}, ${stdout}, ${stderr}; it was ${JSON.stringify(actual, undefined, 2)}`);
  process.exitCode = 1;
}
