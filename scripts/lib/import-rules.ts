import path from 'node:path';
import { transformSync } from 'esbuild';

// What each room of src, scripts and test may import: a folder, but for the files of a check that read the cluster. Dependencies point one
// way: a change in a reporter cannot break a parser, and what has to stay pure (parsers, checks) cannot reach a clock, a
// file or the network.

interface Layer {
  /** Rooms whose values it may import. Its own is always allowed. */
  readonly folders: readonly string[];
  /** Folders that it may name only in `import type` or in a dynamic import(). */
  readonly lazy?: readonly string[];
  /** Single files elsewhere that it may import. */
  readonly files?: RegExp;
  /** Packages from package.json. */
  readonly packages?: readonly string[];
  /** Those of which it may take types alone. */
  readonly typePackages?: readonly string[];
  /** Whether it may import node:* modules and use the ambient clock, randomness and process. */
  readonly node: boolean;
}

const below = (name: keyof typeof layers): readonly string[] => [name, ...(layers[name]?.folders ?? [])];

/** The time without what Node's `performance` loads. */
const CLOCK = /^src\/kube\/clock\.ts$/;

const layers: Record<string, Layer> = {
  model: { folders: [], typePackages: ['@kubernetes/client-node'], node: false },
  parsers: { folders: ['model'], node: false },
  checks: { folders: ['parsers', 'model'], node: false },
  pcap: { folders: [], node: false },
  // What a file of expectations says, and what reports say to it.
  expectations: { folders: ['model'], packages: ['js-yaml'], node: false },
  // Tests and order statistics, by numbers alone.
  statistics: { folders: [], node: false },
  // What a watch saw, one event after the other.
  timeline: { folders: ['checks', 'model', 'parsers', 'statistics'], node: false },
  compare: { folders: ['model', 'statistics'], node: false },
  report: { folders: ['model', 'statistics'], packages: ['cli-table3', 'js-yaml'], node: false },
  // Process-wide: which roots a connection trusts that names none.
  tls: { folders: [], node: true },
  kube: { folders: ['model', 'tls'], packages: ['@kubernetes/client-node', 'js-yaml'], node: true },
  exec: { folders: ['model'], files: CLOCK, packages: ['ws'], node: true },
  docker: { folders: ['model', 'tls'], node: true },
};
layers['channels'] = { folders: ['docker', 'exec', 'kube', 'model'], node: true };
layers['probes'] = { folders: ['channels', 'model'], node: true };
layers['targets'] = { folders: below('channels'), node: true };
layers['cluster'] = { folders: ['docker', 'kube', 'model'], node: true };
// What a check asks before the run: it lies in the check's folder, and is the one part of it that is not pure. It asks
// the view of the cluster, never the API itself, so that no object is read twice.
layers['prepare'] = { folders: ['cluster', 'docker', ...below('checks')], node: true };
// From what the user typed to an open session.
layers['open'] = { folders: [...below('targets'), 'cluster', 'parsers', 'probes'], node: true };
// The engine. It writes to no terminal and no file.
layers['run'] = { folders: [...below('open'), ...below('prepare')], node: true };
// What every command has of this machine: its terminal, its streams, its files.
layers['console'] = { folders: ['checks', ...below('report')], files: CLOCK, node: true };
// What is done with an open session besides checks: each has its room, and none knows another.
layers['capture'] = { folders: [...below('open'), 'console', 'pcap', ...below('report')], node: true };
layers['watch'] = { folders: [...below('run'), 'console', 'timeline', ...below('report')], node: true };
layers['shell'] = { folders: [...below('open'), 'console'], node: true };
layers['sessions'] = { folders: below('open'), node: true };
// A command that runs as a Job in the cluster.
layers['jobs'] = { folders: below('open'), node: true };
// Metrics that go over the network: to a scraper that asks, to a Pushgateway.
layers['exposition'] = { folders: ['model', 'tls'], node: true };
layers['preflight'] = { folders: [...below('open'), 'checks'], node: true };
layers['commands'] = {
  folders: [
    ...below('run'),
    'capture',
    'compare',
    'timeline',
    'watch',
    'shell',
    'sessions',
    'jobs',
    'exposition',
    'preflight',
    'console',
    'expectations',
    ...below('report'),
  ],
  packages: ['cli-table3', 'js-yaml'],
  node: true,
};
// Parsing the command line and printing help must not wait for the client's code to load: of the checks only what they
// say of themselves is.
const ABOUT = /^src\/checks\/(?:diagnosis|(?:[a-z-]+\/)?about)\.ts$/;
layers['cli'] = {
  folders: ['model'],
  files: ABOUT,
  lazy: below('commands'),
  packages: ['yargs', 'cli-table3'],
  node: true,
};
// Built into the binary around the bundles; nothing imports it.
layers['binary'] = { folders: [], node: true };
layers['main.ts'] = { folders: ['cli'], node: true };

/** What tests and builds share of this machine: its packages, its processes, its folders. */
const MACHINE = ['buildah', 'packages', 'paths', 'proc'].map((name) => `test/cluster/${name}.ts`);

/**
 * What each folder of scripts and test may import besides itself, by folder or by file. A test of the built binary takes
 * of src the shapes of what the binary prints, and nothing that could be wrong in the same way.
 */
const outside: Readonly<Record<string, readonly string[]>> = {
  'scripts/lib': [],
  'scripts/build': ['scripts/lib', 'src/cli', 'src/binary'],
  'scripts/image': ['scripts/lib', 'scripts/release/project.ts', ...MACHINE],
  'scripts/release': ['scripts/lib', 'scripts/build', 'scripts/image', 'src/cli', ...MACHINE],
  'scripts/generate': [
    'scripts/lib',
    'scripts/image',
    'src/checks',
    'src/cli',
    'src/expectations',
    'src/model',
    // Which kernels docs/drops.md speaks of.
    'test/kernels/kernels.ts',
  ],
  // Its pictures are taken by the browser that looks at the pages in the tests.
  'scripts/demo': ['scripts/lib', 'test/full/browser.ts'],
  // The commands themselves.
  scripts: ['scripts', 'src/cli', ...MACHINE],
  'test/cluster': [],
  'test/servers': ['test/cluster', 'src/kube', 'src/model'],
  'test/docker': ['test/cluster', 'test/servers'],
  'test/unit': [
    'src',
    'scripts',
    'test/cluster',
    'test/recordings',
    'test/servers',
    'test/e2e/support/rights.ts',
    'test/faults/causes.ts',
  ],
  'test/integration': ['src', 'test/cluster', 'test/docker', 'test/servers', 'test/e2e/support'],
  'test/e2e': [
    'src/model',
    'src/checks/contradictions.ts',
    'src/targets/docker-owner.ts',
    'scripts/image',
    'test/cluster',
    'test/docker',
    'test/servers',
    'test/unit/prober.ts',
  ],
  'test/faults': [
    'src/model',
    'src/checks/registry.ts',
    'src/probes',
    'src/run/merged-plan.ts',
    'scripts/generate',
    'test/cluster',
    'test/servers',
    'test/e2e/support',
  ],
  'test/full': ['test/cluster', 'test/servers', 'test/e2e/support', 'test/faults', 'test/unit/prober.ts'],
  'test/recordings': ['src', 'test/cluster', 'test/docker', 'test/e2e/support', 'test/faults'],
  'test/bench': ['scripts', 'src/model', 'test/cluster', 'test/e2e/support', 'test/servers'],
  'test/kernels': ['test/cluster'],
  'test/image': ['scripts/image', 'test/cluster'],
  'test/release': ['scripts', 'test/cluster'],
};

/** Globals that make a result depend on more than the input. */
const impureGlobals = [
  'Date',
  'Math.random',
  'performance',
  'process',
  'globalThis',
  'crypto',
  'fetch',
  'setTimeout',
  'setInterval',
  'setImmediate',
  'queueMicrotask',
  'console',
  'require',
];

/** The folder of a check, or `shared`; `undefined` for what puts the checks together. */
const checkOf = (file: string): string | undefined => /^src\/checks\/([a-z-]+)\//.exec(file)?.[1];

const PREPARING = /^src\/checks\/(?:preparations|(?:[a-z-]+\/)?prepare(?:-[a-z-]+)?)\.ts$/;

/** The room of a file; `undefined` outside of src. */
function roomOf(file: string): string | undefined {
  const [top, folder] = file.split('/');
  if (top !== 'src') return undefined;
  return PREPARING.test(file) ? 'prepare' : folder;
}

interface Import {
  readonly specifier: string;
  readonly kind: 'value' | 'type' | 'dynamic';
}

/**
 * Checks one source file against the rules.
 * @param file its path from the root of the work tree, with forward slashes, for example `src/parsers/ping.ts`
 * @returns one sentence for each violation
 */
export function findViolations(file: string, text: string): string[] {
  if (!file.startsWith('src/')) return outsideViolations(file, text);
  const name = roomOf(file);
  const layer = name === undefined ? undefined : layers[name];
  if (name === undefined || layer === undefined) return [`${file}: no import rule covers this file`];
  const code = transformSync(text, { loader: 'ts', define: impureMarkers, legalComments: 'none' }).code;
  const found = listImports(text, code).flatMap((one) => {
    const problem = judge(file, name, layer, one);
    return problem === undefined ? [] : [`${file}: ${problem}`];
  });
  if (!layer.node) {
    for (const name of impureGlobals) {
      if (code.includes(marker(name)))
        found.push(`${file}: uses ${name}, which is not a function of its input`);
    }
  }
  return found;
}

function outsideViolations(file: string, text: string): string[] {
  const folders = path.posix.dirname(file).split('/');
  const name = folders.slice(0, 2).join('/');
  const allowed = outside[name];
  if (allowed === undefined) return [`${file}: no import rule covers this file`];
  const isWithin = (imported: string, place: string): boolean =>
    imported === place || imported.startsWith(`${place}/`);
  return relativeImports(file, text).flatMap(({ specifier, imported }) =>
    [name, ...allowed].some((place) => isWithin(imported, place))
      ? []
      : [`${file}: imports ${specifier}: ${name} may not depend on ${imported}`],
  );
}

/** The first line of a module that declares something. */
const DECLARATION =
  /^(?:export )?(?:default |async |abstract )*(?:const|let|function|class|interface|enum|type \w+(?:<[^=]*>)? =)\b/m;

/**
 * The files of the work tree that a file imports when it is loaded, types included: what import() names is loaded later.
 * @param file its path from the root of the work tree, with forward slashes
 */
export function relativeImports(
  file: string,
  text: string,
): { readonly specifier: string; readonly imported: string }[] {
  // Imports come first; further down, a generator's text may have some.
  const end = text.search(DECLARATION);
  const head = end < 0 ? text : text.slice(0, end);
  return listImports(head, '').flatMap(({ specifier, kind }) =>
    specifier.startsWith('.') && kind !== 'dynamic'
      ? [{ specifier, imported: path.posix.join(path.posix.dirname(file), specifier) }]
      : [],
  );
}

function judge(file: string, name: string, layer: Layer, { specifier, kind }: Import): string | undefined {
  if (specifier.startsWith('node:')) return layer.node ? undefined : `imports ${specifier}`;
  if (!specifier.startsWith('.')) {
    const pkg = specifier.split('/', specifier.startsWith('@') ? 2 : 1).join('/');
    const isAllowed = layer.packages?.includes(pkg) || (kind === 'type' && layer.typePackages?.includes(pkg));
    return isAllowed ? undefined : `imports the package ${pkg}`;
  }
  const imported = path.posix.join(path.posix.dirname(file), specifier);
  const folder = roomOf(imported);
  if (folder === undefined) return `imports ${specifier}, which lies outside src`;
  if (ABOUT.test(file) && folder === name && !ABOUT.test(imported))
    return `imports ${specifier}: what a check says of itself is read without its code`;
  const [own, other] = [checkOf(file), checkOf(imported)];
  if (own !== undefined && imported.startsWith('src/checks/') && other !== own && other !== 'shared')
    return `imports ${specifier}: what two checks need is in src/checks/shared`;
  if (folder === name || layer.folders.includes(folder) || layer.files?.test(imported)) return undefined;
  if (!layer.lazy?.includes(folder)) return `imports ${specifier}: ${name} may not depend on ${folder}`;
  return kind === 'value'
    ? `imports ${specifier}: only "import type" and import() may name ${folder}`
    : undefined;
}

/** @param code the same text with types and comments removed: an import() that is left in it runs. */
function listImports(text: string, code: string): Import[] {
  const found: Import[] = [];
  const add = (specifier: string | undefined, kind: Import['kind']) => {
    if (specifier !== undefined) found.push({ specifier, kind });
  };
  for (const match of text.matchAll(/^(?:import|export)\s+(type\s+)?[^;'"`]*?\bfrom\s*['"]([^'"]+)['"]/gm)) {
    add(match[2], match[1] === undefined ? 'value' : 'type');
  }
  for (const match of text.matchAll(/^import\s*['"]([^'"]+)['"]/gm)) add(match[1], 'value');
  const dynamic = new Set(Array.from(code.matchAll(/\bimport\(\s*["']([^"']+)["']/g), (match) => match[1]));
  for (const match of text.matchAll(/\bimport\(\s*['"]([^'"]+)['"]/g)) {
    add(match[1], dynamic.has(match[1]) ? 'dynamic' : 'type');
  }
  return found;
}

function marker(name: string): string {
  return `__impure_${name.replace('.', '_')}`;
}

// esbuild replaces free uses of these names only, so a local variable or a property of that name is not a violation.
const impureMarkers = Object.fromEntries(impureGlobals.map((name) => [name, marker(name)]));
