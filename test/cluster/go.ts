/** Finds a Go command that can build the modules, or fetches one as Go itself does: as a Go module. */
import { cpSync, existsSync, mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { chmod } from 'node:fs/promises';
import { join } from 'node:path';
import { step } from './log.ts';
import { installPackages } from './packages.ts';
import { cacheDir } from './paths.ts';
import { attempt, run } from './proc.ts';

/** Not older than the `go` line of any module under modules/. */
const toolchain = 'go1.26.6';

/** Minor version of a Go command; 0 when it is not there. */
async function minorVersion(go: string): Promise<number> {
  return Number((await attempt([go, 'version'])).stdout.match(/go1\.(\d+)/)?.[1] ?? 0);
}

/** Marks a folder's files as programs, which a module's archive does not say. */
async function makeExecutable(folder: string): Promise<void> {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((one) => one.isFile());
  await Promise.all(files.map((one) => chmod(join(one.parentPath, one.name), 0o755)));
}

/** Fetches the toolchain with an old Go; the module's checksum is verified like any other's. */
async function fetchToolchain(oldGo: string, target: string): Promise<void> {
  const architecture = process.arch === 'x64' ? 'amd64' : process.arch;
  const module = `golang.org/toolchain@v0.0.1-${toolchain}.linux-${architecture}`;
  const answer = await run([oldGo, 'mod', 'download', '-json', module], { cwd: '/' });
  const source = (JSON.parse(answer) as { Dir: string }).Dir;
  const partial = `${target}.partial`;
  rmSync(partial, { recursive: true, force: true });
  mkdirSync(partial, { recursive: true });
  cpSync(source, partial, { recursive: true });
  await makeExecutable(join(partial, 'bin'));
  await makeExecutable(join(partial, 'pkg/tool'));
  renameSync(partial, target);
}

/** Returns a Go command: the machine's (1.21 and newer fetch what a go.mod names), or a fetched one. */
export async function goCommand(): Promise<string> {
  if ((await minorVersion('go')) >= 21) return 'go';
  const target = join(cacheDir(), toolchain);
  const fetched = join(target, 'bin/go');
  if (existsSync(fetched)) return fetched;
  if ((await minorVersion('go')) === 0) await installPackages(['golang-go']);
  if ((await minorVersion('go')) >= 21) return 'go';
  await step(`fetched ${toolchain}`, () => fetchToolchain('go', target), `fetching ${toolchain}`);
  return fetched;
}
