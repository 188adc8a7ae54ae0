import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { root } from '../lib/process.ts';

/** An npm package that has code in the binary. */
export interface BundledPackage {
  readonly name: string;
  readonly version: string;
  /** SPDX expression. */
  readonly license: string;
  /** The texts of its licence and notices. */
  readonly licenseText: string;
  /** The registry's hash of its archive as package-lock.json has it: `sha512-…` in base64. */
  readonly integrity: string;
}

/** @param folders as writeBundles returns them */
export async function bundledPackages(folders: readonly string[]): Promise<readonly BundledPackage[]> {
  const lock = JSON.parse(await readFile(path.join(root, 'package-lock.json'), 'utf8')) as {
    packages: Readonly<Record<string, { integrity?: string }>>;
  };
  return Promise.all(folders.map((folder) => readPackage(folder, lock.packages[folder]?.integrity)));
}

async function readPackage(folder: string, integrity: string | undefined): Promise<BundledPackage> {
  const absolute = path.join(root, folder);
  const manifest = JSON.parse(await readFile(path.join(absolute, 'package.json'), 'utf8')) as {
    name: string;
    version: string;
    license?: string;
  };
  const files = (await readdir(absolute)).filter((file) => /^(un)?licen[cs]e|^copying|^notice/i.test(file));
  const texts = await Promise.all(files.sort().map((file) => readFile(path.join(absolute, file), 'utf8')));
  const { name, version, license } = manifest;
  if (license === undefined || texts.length === 0) {
    throw new Error(`${folder} does not say its licence: a release must not hold it`);
  }
  if (folder.startsWith('..')) {
    throw new Error(
      `${folder} lies outside: node_modules is a link, and what is behind it nobody checked; run npm ci here`,
    );
  }
  if (integrity === undefined) throw new Error(`${folder} has no hash in package-lock.json`);
  return { name, version, license, licenseText: texts.map((text) => text.trim()).join('\n\n'), integrity };
}
