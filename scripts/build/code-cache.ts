import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { Script } from 'node:vm';
import { requireBuiltin } from '../../src/binary/load.ts';
import { commands } from '../../src/cli/commands.ts';
import { globalFlags } from '../../src/cli/flags/connection.ts';
import { splitWords } from '../../src/cli/words.ts';

// Run by the very Node binary that goes into the product: V8 takes a code cache from its own build only.
// usage: node code-cache.ts BUNDLE.js…   writes BUNDLE.cache beside each

type Bundle = Record<string, () => Record<string, (...args: unknown[]) => unknown>>;

/**
 * Runs what every command runs, so that the functions for it are compiled and come into the cache; what has not run
 * is compiled from the source when it is needed.
 */
const warmUps: Readonly<Record<string, (bundle: Bundle) => unknown>> = {
  parser: (bundle) => {
    const { parts } = splitWords(['--to', 'svc/db:80', '-n', 'x', '--stdin', '-v', '-o', 'json']);
    const flags = [...globalFlags, ...commands.flatMap((command) => command.flags)];
    bundle['read-flags']?.().readFlags?.(parts, 'latency', flags);
  },
  app: async (bundle) => {
    for (const load of Object.values(bundle)) load();
    const folder = await mkdtemp(path.join(os.tmpdir(), 'nettools-build-'));
    const kubeconfig = path.join(folder, 'kubeconfig');
    await writeFile(kubeconfig, sampleKubeconfig);
    await bundle.complete?.().candidates?.({ kind: 'context', prefix: '', connection: { kubeconfig } });
    await rm(folder, { recursive: true });
  },
};

const sampleKubeconfig = `apiVersion: v1
kind: Config
current-context: sample
clusters: [{name: sample, cluster: {server: "https://sample.invalid:6443"}}]
users: [{name: sample, user: {token: sample}}]
contexts: [{name: sample, context: {cluster: sample, user: sample, namespace: sample}}]
`;

for (const file of process.argv.slice(2)) {
  const name = path.basename(file, '.js');
  // File name, source and the way to call it are those of src/binary/load.ts.
  const script = new Script(await readFile(file, 'latin1'), { filename: `${name}.js` });
  const module: { exports: Bundle } = { exports: {} };
  script.runInThisContext()(requireBuiltin, module, module.exports);
  await warmUps[name]?.(module.exports);
  await writeFile(file.replace(/\.js$/, '.cache'), script.createCachedData());
}
