import { readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { setFlagsFromString } from 'node:v8';
import { Script, type ScriptOptions } from 'node:vm';
import { isMainThread, Worker } from 'node:worker_threads';
import { requireBuiltin } from '../../src/binary/load.ts';
import { commands } from '../../src/cli/commands.ts';
import { globalFlags } from '../../src/cli/flags/connection.ts';
import { splitWords } from '../../src/cli/words.ts';
import { samplePod, sampleServer, withSampleApi } from './sample-api.ts';

// Run by the very Node binary that goes into the product: V8 takes a code cache from its own build only.
// usage: node code-cache.ts BUNDLE.js…   writes BUNDLE.cache beside each

type Bundle = Record<string, () => Record<string, (...args: unknown[]) => unknown>>;

/**
 * Runs what every command runs, so that the functions for it are compiled and come into the cache; what has not run
 * is compiled from the source when it is needed.
 */
const warmUps: Readonly<Record<string, (bundle: Bundle) => unknown>> = {
  quick: async (bundle) => {
    await withSample(async (kubeconfig) => {
      const words = ['run', samplePod, '--kubeconfig', kubeconfig, '--stdin=false', '--', 'true'];
      // The first one adds the container, the second one finds it.
      for (const run of ['cold', 'warm']) {
        const code = await bundle['quick']?.()['runQuickly']?.(words);
        if (code !== 0) throw new Error(`the ${run} run ended with ${code}`);
      }
    });
  },
  cli: async (bundle) => {
    const run = async (...words: readonly string[]): Promise<void> => {
      const code = await bundle['run']?.()['runCommandLine']?.(words);
      if (code !== 0) throw new Error(`"${words.join(' ')}" ended with ${code}`);
    };
    await run('--version');
    await run('--help');
    await withSample(async (kubeconfig) => {
      const flags = ['--kubeconfig', kubeconfig];
      await run('preflight', samplePod, ...flags);
    });
  },
  parser: (bundle) => {
    const { parts } = splitWords(['--to', 'svc/db:80', '-n', 'x', '--stdin', '-v', '-o', 'json']);
    const flags = [...globalFlags, ...commands.flatMap((command) => command.flags)];
    bundle['read-flags']?.().readFlags?.(parts, 'latency', flags);
  },
  kube: loadAll,
  session: loadAll,
  stream: loadAll,
  pod: loadAll,
  places: loadAll,
  completion: async (bundle) => {
    await withSample(async (kubeconfig) => {
      for (const kind of ['context', 'target'])
        await bundle['complete']?.().candidates?.({ kind, prefix: '', connection: { kubeconfig } });
    });
  },
  app: loadAll,
  formats: loadAll,
};

function loadAll(bundle: Bundle): void {
  for (const load of Object.values(bundle)) load();
}

/** Runs `work` with a kubeconfig for the sample API. */
async function withSample(work: (kubeconfig: string) => Promise<void>): Promise<void> {
  const folder = await mkdtemp(path.join(os.tmpdir(), 'nettools-build-'));
  try {
    const file = path.join(folder, 'kubeconfig');
    await writeFile(file, sampleKubeconfig);
    await withSampleApi(() => work(file));
  } finally {
    await rm(folder, { recursive: true });
  }
}

const sampleKubeconfig = `apiVersion: v1
kind: Config
current-context: sample
clusters: [{name: sample, cluster: {server: "${sampleServer}", insecure-skip-tls-verify: true}}]
users: [{name: sample, user: {token: sample}}]
contexts: [{name: sample, context: {cluster: sample, user: sample, namespace: default}}]
`;

/** By file name, as src/binary/load.ts names them: one that a bundle loads is the one whose cache is made. */
const scripts = new Map<string, Script>();

function scriptOf(source: string, { filename = '' }: ScriptOptions = {}): Script {
  const script = scripts.get(filename) ?? new Script(source, { filename });
  scripts.set(filename, script);
  return script;
}

/** Bundles get what those in the binary do, those that a bundle loads too, but for the binary's assets, which are files here. */
function provideAssets(folder: string): void {
  const sea = {
    getRawAsset: (name: string) => {
      if (!name.endsWith('.js')) throw new Error('no cache is there yet');
      return Uint8Array.from(readFileSync(path.join(folder, name))).buffer;
    },
  };
  const vm = {
    Script: function LoadedScript(source: string, options: ScriptOptions) {
      return scriptOf(source, options);
    },
  };
  const own: Readonly<Record<string, unknown>> = { 'node:sea': sea, 'node:vm': vm };
  const builtin: (id: string) => unknown = process.getBuiltinModule;
  process.getBuiltinModule = ((id: string) => own[id] ?? builtin(id)) as typeof process.getBuiltinModule;
}

async function makeCaches(files: readonly string[]): Promise<void> {
  provideAssets(path.dirname(files[0] ?? ''));
  for (const file of files) {
    const name = path.basename(file, '.js');
    // File name, source and the way to call it are those of src/binary/load.ts.
    const script = scriptOf(readFileSync(file, 'latin1'), { filename: `${name}.js` });
    const module: { exports: Bundle } = { exports: {} };
    script.runInThisContext()(requireBuiltin, module, module.exports);
    await warmUps[name]?.(module.exports);
  }
  for (const file of files) {
    const cache = scripts.get(path.basename(file))?.createCachedData();
    if (cache !== undefined) await writeFile(file.replace(/\.js$/, '.cache'), cache);
  }
}

/**
 * Unused bytes of memory come into a cache with what they held before. So no memory is used twice: young objects have
 * more room than all of this needs. V8 reads that size when it sets up a thread's heap, and refuses a cache that was made
 * with other flags than those at hand, so the flag is set for the new thread's beginning alone.
 */
const roomForYoung = (mebibytes: number): void => setFlagsFromString(`--min-semi-space-size=${mebibytes}`);

if (isMainThread) {
  roomForYoung(64);
  new Worker(new URL(import.meta.url), { argv: process.argv.slice(2) });
} else {
  roomForYoung(0);
  await makeCaches(process.argv.slice(2));
}
