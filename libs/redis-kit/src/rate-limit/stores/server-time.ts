/** A server whose clock is this much behind what was heard before is believed: it stepped back, or is another one. */
const STEP_US = 1_000_000;

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
