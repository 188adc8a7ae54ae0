import type { ProgressLine } from '../console/progress.ts';

/** What is said of several targets is printed with the first of them, and in the end how many more it is true of. */
export class Notes {
  readonly #progress: ProgressLine;
  readonly #seen = new Map<string, number>();

  constructor(progress: ProgressLine) {
    this.#progress = progress;
  }

  add(target: string, text: string): void {
    const before = this.#seen.get(text);
    this.#seen.set(text, (before ?? 0) + 1);
    if (before === undefined) this.#progress.note(`${target}: ${text}`);
  }

  end(): void {
    for (const [text, count] of this.#seen) if (count > 1) this.#progress.note(`${count - 1} more: ${text}`);
  }
}
