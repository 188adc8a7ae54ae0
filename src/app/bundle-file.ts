/** A run's evidence as a file. */
import { readFile, writeFile } from 'node:fs/promises';
import type { Bundle } from '../model/bundle.ts';
import { UserError } from '../model/errors.ts';

/** Addresses and names of a cluster's inside are in it: nobody else on this machine needs to read them. */
const MODE = 0o600;

/** @throws {UserError} exit 3: the file cannot be written */
export async function writeBundle(file: string, bundle: Bundle): Promise<void> {
  try {
    await writeFile(file, `${JSON.stringify(bundle, null, 1)}\n`, { mode: MODE });
  } catch (error) {
    throw new UserError(`--save ${file} cannot be written (${(error as NodeJS.ErrnoException).code}).`, 3, {
      cause: error,
    });
  }
}

/** @throws {UserError} exit 3: it cannot be read; exit 2: it is no bundle */
export async function readBundle(file: string): Promise<Bundle> {
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (error) {
    throw new UserError(`${file} cannot be read (${(error as NodeJS.ErrnoException).code}).`, 3, {
      cause: error,
    });
  }
  try {
    const bundle: unknown = JSON.parse(text);
    if (isBundle(bundle)) return bundle;
  } catch {
    // Said below: not JSON is not a bundle either.
  }
  throw new UserError(`${file} is not a bundle: write one with --save FILE.`, 2);
}

/** Whether it has all that a report takes from it; what the checks' own parts are like, the checks find out. */
function isBundle(value: unknown): value is Bundle {
  const { apiVersion, kind, tool, target, startedAt, durationMs, checks } = value as Partial<Bundle>;
  return (
    apiVersion === 'nettools/v1' &&
    kind === 'Bundle' &&
    typeof tool?.version === 'string' &&
    typeof startedAt === 'string' &&
    typeof durationMs === 'number' &&
    [target?.kind, target?.name, target?.address].every((part) => typeof part === 'string') &&
    Array.isArray(checks) &&
    checks.every(({ id, evidence }) => typeof id === 'string' && typeof evidence === 'object')
  );
}
