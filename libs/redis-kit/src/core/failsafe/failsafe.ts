import type { RedisKitEvents } from '../events.js';
import { DeadlineExceededError } from '../redis-kit.error.js';
import { safeMessage } from '../redact.js';
import { CircuitBreaker } from './circuit-breaker.js';
import { isConnectivityError } from './connectivity.js';
import { Deadlines } from './deadlines.js';

/** What `Failsafe.run` answers instead of a value when Redis did not do its part. */
export const UNAVAILABLE = Symbol('redis-kit:unavailable');

export interface FailsafeOptions {
  readonly connection: string;
  readonly failureThreshold: number;
  readonly probeIntervalMs: number;
  /** Asks the server(s) of a scope for a sign of life. */
  readonly probe: (scope: string) => Promise<unknown>;
  readonly events: RedisKitEvents;
  /**
   * True for errors that mean that the server is away, and not that it disliked what it was asked.
   * @default those of Redis and of networks
   */
  readonly isOutage?: (error: unknown) => boolean;
}

/**
 * What is left of the time Redis may take in one operation of several steps. Steps that run side by side use up the time
 * that passes, not its sum.
 */
export class Budget {
  #remainingMs: number;
  #steps = 0;
  #since = 0;

  constructor(readonly totalMs: number) {
    this.#remainingMs = totalMs;
  }

  get remainingMs(): number {
    const running = this.#steps > 0 ? performance.now() - this.#since : 0;
    return Math.max(0, this.#remainingMs - running);
  }

  /** A step begins. */
  enter(): void {
    if (this.#steps++ === 0) this.#since = performance.now();
  }

  /** A step has ended. */
  leave(): void {
    if (--this.#steps === 0) this.#remainingMs -= performance.now() - this.#since;
  }

  /** Gives the whole time again. */
  refill(): void {
    this.#remainingMs = this.totalMs;
  }
}

/**
 * Runs work that Redis may fail at, and answers `UNAVAILABLE` instead of throwing: the caller goes on without Redis.
 *
 * Each scope (a connection, or one node of a Cluster) has its circuit breaker, so that one hung master does not take
 * the cache of the others away.
 */
export class Failsafe {
  readonly #breakers = new Map<string, CircuitBreaker>();
  readonly #deadlines = new Deadlines();
  #isDisposed = false;

  constructor(private readonly options: FailsafeOptions) {}

  /** Scopes that are currently not asked, for health. */
  get openScopes(): string[] {
    return [...this.#breakers].filter(([, breaker]) => breaker.isOpen).map(([scope]) => scope);
  }

  /**
   * Runs `work` within what is left of `budget`.
   *
   * @param onFailure hears why, when the answer is `UNAVAILABLE` for another reason than an open circuit.
   */
  run<T>(
    operation: string,
    scope: string,
    budget: Budget,
    work: () => Promise<T>,
    onFailure?: (error: unknown) => void,
  ): Promise<T | typeof UNAVAILABLE> {
    const breaker = this.#breakers.get(scope) ?? this.#create(scope);
    if (breaker.isOpen) return Promise.resolve(UNAVAILABLE);
    const { remainingMs } = budget;
    if (remainingMs <= 0) {
      onFailure?.(new DeadlineExceededError(operation, budget.totalMs));
      return Promise.resolve(UNAVAILABLE);
    }
    budget.enter();
    const answered = (value: T) => {
      budget.leave();
      breaker.succeeded();
      return value;
    };
    const failed = (error: unknown): typeof UNAVAILABLE => {
      budget.leave();
      if ((this.options.isOutage ?? isConnectivityError)(error)) breaker.failed(error);
      else breaker.succeeded();
      onFailure?.(error);
      return UNAVAILABLE;
    };
    let working: Promise<T>;
    try {
      working = work();
    } catch (error) {
      return Promise.resolve(failed(error));
    }
    return this.#deadlines.wait(operation, remainingMs, working).then(answered, failed);
  }

  /** Stops probing for good. */
  dispose(): void {
    this.#isDisposed = true;
    this.#deadlines.dispose();
    for (const breaker of this.#breakers.values()) breaker.dispose();
  }

  #create(scope: string): CircuitBreaker {
    const circuit = scope === '' ? this.options.connection : `${this.options.connection}/${scope}`;
    const breaker = new CircuitBreaker({
      failureThreshold: this.options.failureThreshold,
      probeIntervalMs: this.options.probeIntervalMs,
      probe: () => this.options.probe(scope),
      onOpen: (reason) =>
        this.options.events.emit('circuit.opened', { circuit, reason: safeMessage(reason) }),
      onClose: (openMs) => this.options.events.emit('circuit.closed', { circuit, openMs }),
    });
    if (this.#isDisposed) breaker.dispose();
    this.#breakers.set(scope, breaker);
    return breaker;
  }
}
