/** The evidence of many runs as one file, written as it comes: that of a whole cluster is not kept in memory. */
import { type FileHandle, lstat, open, rm, truncate } from 'node:fs/promises';
import { BUNDLE_FORMAT, type Bundle, type BundleList } from '../model/bundle.ts';
import type { UserError } from '../model/errors.ts';
import { BUNDLE_MODE, unwritable } from './bundle-file.ts';

type Head = Pick<BundleList, 'tool' | 'startedAt'>;
type Tail = Pick<BundleList, 'failed' | 'durationMs' | 'matrix'>;

/**
 * A file that is not finished is no bundle: it is taken away again. A disk may fill up while others are measured, so once it is
 * open nothing is thrown: {@link BundleListFile.unsaved} says why there is none.
 */
export class BundleListFile {
  readonly #path: string;
  readonly #file: FileHandle;
  readonly #isNew: boolean;
  #isEmpty = true;
  #isFinished = false;
  #unsaved: UserError | undefined;

  private constructor(path: string, file: FileHandle, isNew: boolean) {
    this.#path = path;
    this.#file = file;
    this.#isNew = isNew;
  }

  /** @throws {UserError} exit 3: the file cannot be opened */
  static async begin(path: string, { tool, startedAt }: Head): Promise<BundleListFile> {
    const head = { apiVersion: 'nettools/v1', kind: 'BundleList', format: BUNDLE_FORMAT, tool, startedAt };
    // Of a link that leads nowhere yet, the file would be left where the link is removed.
    const before = await lstat(path).catch(() => undefined);
    try {
      const file = new BundleListFile(path, await open(path, 'w', BUNDLE_MODE), before === undefined);
      await file.#write(`${JSON.stringify(head).slice(0, -1)},"items":[`);
      return file;
    } catch (error) {
      throw unwritable(path, error);
    }
  }

  /** Why the file could not be written, the first time. */
  get unsaved(): UserError | undefined {
    return this.#unsaved;
  }

  async add(place: number, bundle: Bundle): Promise<void> {
    await this.#write(`${this.#isEmpty ? '' : ','}\n${JSON.stringify({ place, bundle })}`);
    this.#isEmpty = false;
  }

  async finish({ failed, durationMs, matrix }: Tail): Promise<void> {
    const rest = matrix === undefined ? '' : `,"matrix":${JSON.stringify(matrix)}`;
    await this.#write(`\n],"failed":${JSON.stringify(failed)},"durationMs":${durationMs}${rest}}\n`);
    // A file system of another machine may say only now that there is no room.
    await this.#try(() => this.#file.close());
    this.#isFinished = this.#unsaved === undefined;
  }

  /** What is not finished is gone then. To be called in the end, whatever came of it. */
  async close(): Promise<void> {
    await this.#try(() => this.#file.close());
    if (this.#isFinished) return;
    // What was there before may be a device, or somebody's by its links: it is emptied, where it can be.
    const undo = this.#isNew ? rm(this.#path, { force: true }) : truncate(this.#path);
    await undo.catch(() => undefined);
  }

  async #write(text: string): Promise<void> {
    if (this.#unsaved === undefined) await this.#try(() => this.#file.appendFile(text));
  }

  async #try(work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      this.#unsaved ??= unwritable(this.#path, error);
    }
  }
}
