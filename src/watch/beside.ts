/** What is done beside a watch: one after the other, as each is a load of its own on the target or the API. */
export class Beside {
  #last: Promise<void> = Promise.resolve();
  readonly #waiting = new Set<string>();
  readonly #onError: (error: unknown) => void;

  constructor(onError: (error: unknown) => void) {
    this.#onError = onError;
  }

  /** @param work its failure ends nothing */
  add(work: () => Promise<void>): void {
    this.#last = this.#last.then(work).catch(this.#onError);
  }

  /** One that waits is for all that came after it too: what flaps would queue more than there is time for. */
  addOnce(key: string, work: () => Promise<void>): void {
    if (this.#waiting.has(key)) return;
    this.#waiting.add(key);
    this.add(() => {
      this.#waiting.delete(key);
      return work();
    });
  }

  /** Until nothing is left. */
  async end(): Promise<void> {
    for (let last: Promise<void> | undefined; last !== this.#last; ) {
      last = this.#last;
      await last;
    }
  }
}
