import type { Budget } from '../../core/failsafe/failsafe.js';

/** A server whose clock is this much behind what was heard before is believed: it stepped back, or is another one. */
const STEP_US = 1_000_000;
/** How much later than its caller waits a request may still count: what the estimate of the server's time may be off. */
const LATENESS_US = 100_000;

/**
 * What time it is on the server, going by its own replies and the monotonic clock. The wall clock of this process has no
 * say, and nothing is right or wrong because of the estimate: scripts check it against the server's time.
 */
export class ServerTime {
  #offsetUs: number | undefined;

  /** Microseconds since 1970 on the server; undefined as long as it never replied. */
  get nowUs(): number | undefined {
    return this.#offsetUs === undefined
      ? undefined
      : Math.round(performance.now() * 1_000 + this.#offsetUs);
  }

  /** Time of the server after which a request of this budget must not count; 0 when that is not known. */
  lateAfter({ remainingMs }: Budget): number {
    if (this.#offsetUs === undefined) return 0;
    return Math.round((performance.now() + remainingMs) * 1_000 + this.#offsetUs + LATENESS_US);
  }

  /** The server said this in a reply that has just come. */
  heard(timeUs: number): void {
    const offsetUs = timeUs - performance.now() * 1_000;
    // The reply was on its way for a while, so of several the largest is the closest.
    if (
      this.#offsetUs === undefined ||
      offsetUs > this.#offsetUs ||
      offsetUs < this.#offsetUs - STEP_US
    ) {
      this.#offsetUs = offsetUs;
    }
  }
}
