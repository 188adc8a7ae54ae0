/** Builds the cluster's Go programs into the cache. Go's own build cache makes a second build short. */
import { existsSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { dirname, join } from 'node:path';
import { goCommand } from './go.ts';
import { say, step } from './log.ts';
import { binDir, clusterDir, type GoModule, goModules, pinnedVersion } from './paths.ts';
import { run } from './proc.ts';

const describe: Readonly<Record<GoModule, { what: string; path: string; minutes: number }>> = {
  kubernetes: {
    what: 'Kubernetes, kubectl and etcd',
    path: 'k8s.io/kubernetes',
    minutes: 13,
  },
  containerd: { what: 'containerd', path: 'github.com/containerd/containerd/v2', minutes: 2 },
  coredns: { what: 'CoreDNS', path: 'github.com/coredns/coredns', minutes: 3 },
};

/** Without the stamp, Kubernetes' programs call themselves v0.0.0. */
function linkerFlags(module: GoModule): string {
  if (module !== 'kubernetes') return '-s -w';
  const version = pinnedVersion(module, describe[module].path);
  const [major, minor] = version.slice(1).split('.');
  const stamp = 'k8s.io/component-base/version.git';
  return `-s -w -X ${stamp}Version=${version} -X ${stamp}Major=${major} -X ${stamp}Minor=${minor}`;
}

/** Says every 20 s how far a build is; `go build -v` names each package that it compiles. */
function reporter(what: string): { onLine: (line: string) => void; stop: () => void } {
  let count = 0;
  let last = '';
  const timer = setInterval(() => {
    if (count > 0) say(`  ${what}: ${count} packages downloaded or compiled, now ${last}`);
  }, 20_000);
  return {
    onLine: (line) => {
      count += 1;
      last = line;
    },
    stop: () => clearInterval(timer),
  };
}

async function buildModule(module: GoModule): Promise<void> {
  const target = binDir(module);
  if (existsSync(target)) return;
  const { what, path, minutes } = describe[module];
  const title = `${what} ${pinnedVersion(module, path)}`;
  const announce = `building ${title}: about ${minutes} minutes on 2 cores the first time (${availableParallelism()} here)`;
  const go = await goCommand();
  const partial = `${target}.partial`;
  rmSync(partial, { recursive: true, force: true });
  mkdirSync(partial, { recursive: true });
  const report = reporter(what);
  const argv = ['build', '-v', '-trimpath', '-ldflags', linkerFlags(module), '-o', `${partial}/`, 'tool'];
  try {
    await step(
      `built ${title}`,
      () =>
        run([go, ...argv], {
          cwd: join(clusterDir, 'modules', module),
          // Static binaries: CoreDNS runs in an image of nothing else.
          env: { GOTOOLCHAIN: 'auto', ...process.env, CGO_ENABLED: '0', GOFLAGS: '-buildvcs=false' },
          onLine: report.onLine,
        }),
      announce,
    );
  } finally {
    report.stop();
  }
  mkdirSync(dirname(target), { recursive: true });
  renameSync(partial, target);
}

/** Builds what the cache lacks, one module after the other: each one keeps all cores busy. */
export async function ensureBinaries(): Promise<void> {
  for (const module of goModules) await buildModule(module);
}
