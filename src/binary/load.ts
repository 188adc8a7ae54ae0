import { getRawAsset } from 'node:sea';
import { Script } from 'node:vm';

type Bundle = Record<string, () => unknown>;
type BundleFunction = (
  require: (id: string) => unknown,
  module: { exports: Bundle },
  exports: Bundle,
) => void;

const bundles = Symbol.for('kubectl-nettools.bundles');
// Each bundle has this module, and all of them mean the same bundles.
const shared = globalThis as { [bundles]?: Map<string, Bundle> };
shared[bundles] ??= new Map();
const loaded: Map<string, Bundle> = shared[bundles];

/**
 * Loads one of the bundles that the build put into the binary beside the one it starts with.
 * The bundle's code cache saves V8 the parsing; one that does not fit (another V8) is ignored by V8 itself.
 */
export function loadBundle(name: string): Bundle {
  const known = loaded.get(name);
  if (known !== undefined) return known;
  // The bundler writes ASCII only, so no decoding is needed.
  const source = Buffer.from(getRawAsset(`${name}.js`)).toString('latin1');
  const cachedData = codeCache(name);
  const script = new Script(source, {
    filename: `${name}.js`,
    ...(cachedData === undefined ? {} : { cachedData }),
  });
  const module = { exports: {} };
  (script.runInThisContext() as BundleFunction)(requireBuiltin, module, module.exports);
  loaded.set(name, module.exports);
  return module.exports;
}

/** Only binaries for platforms whose Node could run where they were built have one. */
function codeCache(name: string): Buffer | undefined {
  try {
    return Buffer.from(getRawAsset(`${name}.cache`));
  } catch {
    return undefined;
  }
}

/** The bundles hold every package; what is tried beside them must be missing by an exception. */
export function requireBuiltin(id: string): unknown {
  const found: unknown = process.getBuiltinModule(id);
  if (found === undefined) throw new Error(`no module ${id} in this binary`);
  return found;
}
