/**
 * A clock for hours: the time of day at its beginning, and what has passed since. One that is set meanwhile, back or on, would
 * put what was seen in another order; and a machine that sleeps is not awake to see that.
 */
import { uptime } from 'node:os';

/** In ms. What counts while a machine sleeps has steps of up to a second; so long a sleep is one. */
const LEAST_SLEEP_MS = 3000;

export interface ClockSources {
  /** Time of day, in ms since 1970. */
  day(): number;
  /** Fine, and stands still while the machine sleeps; in ms. */
  awake(): number;
  /** Coarse, and goes on; in ms. */
  always(): number;
}

const SYSTEM: ClockSources = {
  day: Date.now,
  awake: () => performance.now(),
  always: () => uptime() * 1000,
};

export class SteadyClock {
  readonly #sources: ClockSources;
  readonly #offset: number;
  #lead: number;
  #slept = 0;

  constructor(sources: ClockSources = SYSTEM) {
    this.#sources = sources;
    this.#offset = sources.day() - sources.awake();
    this.#lead = sources.always() - sources.awake();
  }

  /** Milliseconds since 1970 by the clock as it was set at the beginning; never goes back. */
  now(): number {
    const awake = this.#sources.awake();
    const lead = this.#sources.always() - awake;
    if (lead - this.#lead >= LEAST_SLEEP_MS) {
      this.#slept += lead - this.#lead;
      this.#lead = lead;
    }
    return this.#offset + awake + this.#slept;
  }
}
