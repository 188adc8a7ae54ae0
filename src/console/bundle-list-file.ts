/** The evidence of many runs as one file, written as it comes: that of a whole cluster is not kept in memory. */
import { type FileHandle, open } from 'node:fs/promises';
import { BUNDLE_FORMAT, type Bundle, type BundleList } from '../model/bundle.ts';
import { BUNDLE_MODE, unwritable } from './bundle-file.ts';

type Head = Pick<BundleList, 'tool' | 'startedAt'>;
type Tail = Pick<BundleList, 'failed' | 'durationMs' | 'matrix'>;

/** A file that is not finished is no bundle. */
export class BundleListFile {
  readonly #path: string;
  readonly #file: FileHandle;
  #isEmpty = true;

  private constructor(path: string, file: FileHandle) {
    this.#path = path;
    this.#file = file;
  }

  /** @throws {UserError} exit 3: the file cannot be written; the others throw the same */
  static async begin(path: string, { tool, startedAt }: Head): Promise<BundleListFile> {
    const head = { apiVersion: 'nettools/v1', kind: 'BundleList', format: BUNDLE_FORMAT, tool, startedAt };
    try {
      const file = new BundleListFile(path, await open(path, 'w', BUNDLE_MODE));
      await file.#write(`${JSON.stringify(head).slice(0, -1)},"items":[`);
      return file;
    } catch (error) {
      throw unwritable(path, error);
    }
  }

  async add(place: number, bundle: Bundle): Promise<void> {
    await this.#write(`${this.#isEmpty ? '' : ','}\n${JSON.stringify({ place, bundle })}`);
    this.#isEmpty = false;
  }

  async finish({ failed, durationMs, matrix }: Tail): Promise<void> {
    const rest = matrix === undefined ? '' : `,"matrix":${JSON.stringify(matrix)}`;
    await this.#write(`\n],"failed":${JSON.stringify(failed)},"durationMs":${durationMs}${rest}}\n`);
    await this.close();
  }

  /** May be called again. */
  async close(): Promise<void> {
    await this.#file.close();
  }

  async #write(text: string): Promise<void> {
    try {
      await this.#file.appendFile(text);
    } catch (error) {
      throw unwritable(this.#path, error);
    }
  }
}
