export interface CircuitBreakerOptions {
  /** Consecutive failures that open the circuit. */
  readonly failureThreshold: number;
  /** Pause between two probes while open. */
  readonly probeIntervalMs: number;
  /** Resolves when Redis answers in time. Runs in the background, so that no caller pays for it. */
  readonly probe: () => Promise<unknown>;
  readonly onOpen?: (reason: unknown) => void;
  readonly onClose?: (openMs: number) => void;
}

/**
 * Stops asking a server that does not answer.
 *
 * Closed: calls go through. After `failureThreshold` failures in a row it opens: callers are told not to ask. While
 * open, a background probe (the half-open state) asks the server on an interval; its first success closes the circuit.
 * A background probe rather than a trial request: nobody's request pays the deadline, and recovery does not need traffic.
 */
export class CircuitBreaker {
  #failures = 0;
  #openedAt: number | undefined;
  #timer: NodeJS.Timeout | undefined;
  #disposed = false;

  constructor(private readonly options: CircuitBreakerOptions) {}

  get isOpen(): boolean {
    return this.#openedAt !== undefined;
  }

  /** A call was answered in time. */
  succeeded(): void {
    this.#failures = 0;
  }

  /** A call was not answered in time. */
  failed(reason: unknown): void {
    this.#failures += 1;
    if (this.isOpen || this.#disposed || this.#failures < this.options.failureThreshold) return;
    this.#openedAt = performance.now();
    this.options.onOpen?.(reason);
    this.#scheduleProbe();
  }

  /** Closes the circuit at once, for example when the server it stood for is gone. */
  reset(): void {
    this.#failures = 0;
    clearTimeout(this.#timer);
    if (this.#openedAt === undefined) return;
    const openMs = performance.now() - this.#openedAt;
    this.#openedAt = undefined;
    this.options.onClose?.(openMs);
  }

  /** Stops probing for good. */
  dispose(): void {
    this.#disposed = true;
    clearTimeout(this.#timer);
  }

  #scheduleProbe(): void {
    this.#timer = setTimeout(() => void this.#probe(), this.options.probeIntervalMs);
    this.#timer.unref();
  }

  async #probe(): Promise<void> {
    const openedAt = this.#openedAt;
    let isAnswered = false;
    try {
      await this.options.probe();
      isAnswered = true;
    } catch {
      // Still away.
    }
    // It may have been closed meanwhile, and even have opened again: then this probe has nothing to say.
    if (this.#disposed || this.#openedAt !== openedAt) return;
    if (isAnswered) this.reset();
    else this.#scheduleProbe();
  }
}
