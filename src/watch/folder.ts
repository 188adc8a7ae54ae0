/** Where a watch saves bundles, packets and its document: a folder that is made when there is something to save. */
import { access, constants, mkdir, rename, rm, rmdir, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { BUNDLE_MODE } from '../console/bundle-file.ts';
import { UserError } from '../model/errors.ts';
import { fileReason } from '../model/file-reason.ts';

/** Addresses of a cluster's inside are in it. */
const FOLDER_MODE = 0o700;

export class WatchFolder {
  readonly path: string;
  #isMade = false;

  constructor(folder: string) {
    this.path = folder;
  }

  /** Whether something is in it. */
  get isMade(): boolean {
    return this.#isMade;
  }

  /** For before the watch: hours must not be lost to a mistyped name. Makes nothing. @throws {UserError} exit 3 */
  async check(): Promise<void> {
    try {
      const there = await stat(this.path).catch(() => undefined);
      if (there?.isDirectory() === false) throw Object.assign(new Error('a file'), { code: 'ENOTDIR' });
      await access(there === undefined ? path.dirname(this.path) : this.path, constants.W_OK);
    } catch (error) {
      throw this.#failed(error);
    }
  }

  /** Resolves to its name in the folder; a part of it is never there. @throws {UserError} exit 3 */
  async write(name: string, content: string | Uint8Array): Promise<string> {
    const file = path.join(this.path, name);
    const part = `${file}.part`;
    let made: string | undefined;
    try {
      if (!this.#isMade) made = await mkdir(this.path, { recursive: true, mode: FOLDER_MODE });
      await writeFile(part, content, { mode: BUNDLE_MODE });
      await rename(part, file);
      this.#isMade = true;
      return name;
    } catch (error) {
      await rm(part, { force: true }).catch(() => undefined);
      // An empty folder tells nobody anything.
      if (made !== undefined) await rmdir(this.path).catch(() => undefined);
      throw this.#failed(error);
    }
  }

  #failed(error: unknown): UserError {
    return new UserError(`nothing can be saved in ${this.path}: ${fileReason(error)}.`, 3, { cause: error });
  }
}
