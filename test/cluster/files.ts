/** Small file helpers. */
import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/**
 * Writes a file whole or not at all, and leaves it alone when it already holds the text
 * (kube-proxy quits when its configuration is rewritten under it).
 */
export function writeFile(path: string, text: string, mode = 0o600): void {
  try {
    if (readFileSync(path, 'utf8') === text) return;
  } catch {
    mkdirSync(dirname(path), { recursive: true });
  }
  const partial = `${path}.${process.pid}`;
  writeFileSync(partial, text, { mode });
  renameSync(partial, path);
}

/** First 16 hex digits of the SHA-256 of these texts. */
export function digest(...texts: readonly string[]): string {
  const hash = createHash('sha256');
  for (const text of texts) hash.update(text).update('\0');
  return hash.digest('hex').slice(0, 16);
}

/** Digest of all files of a folder, names and contents. */
export function folderDigest(folder: string): string {
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
  return digest(...entries.flatMap((path) => [path.slice(folder.length), readFileSync(path, 'utf8')]));
}
