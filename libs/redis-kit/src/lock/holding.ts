import { LockLostError, type LockLostReason } from './lock.errors.js';
import type { HoldStore } from './stores/hold-store.js';

/** Clocks of two machines run apart by less than this share of a lease. */
const DRIFT = 0.01;
/** What rounding to milliseconds, here and there, may cost. */
const ROUNDING_MS = 2;

/** Until when (monotonic) a lease can be trusted that was asked for at `sentAt`: counted from then, not from the answer. */
export const trustedUntil = (sentAt: number, leaseMs: number): number =>
  sentAt + leaseMs * (1 - DRIFT) - ROUNDING_MS;

export interface HoldingDetails {
  readonly store: HoldStore;
  readonly name: string;
  readonly id: string;
  readonly fence: number;
  readonly leaseMs: number;
  readonly maxHoldMs: number;
  readonly renews: boolean;
  /** Both monotonic. */
  readonly acquiredAt: number;
  readonly validUntil: number;
  /** A request of this id was never answered, and may still come. */
  readonly isUncertain: boolean;
  /** It was handed over by a queue, so others may wait. */
  readonly wasQueued: boolean;
  readonly onLost: (holding: Holding, reason: LockLostReason) => void;
}

/**
 * Something this process holds: a lock, a permit, a side of a read/write lock.
 *
 * It is trusted until `validUntil` on the monotonic clock, whatever timers do: after a stall of the event loop `check` and
 * `remaining` already tell what `signal` does not yet.
 */
export class Holding {
  /** Longest time it is renewed for (monotonic). */
  readonly heldUntil: number;
  #validUntil: number;
  #controller: AbortController | undefined;
  #lost: LockLostError | undefined;
  /** Why it could not be renewed the last time. */
  #failure: unknown;
  /** Handles on it that were not released. */
  handles = 1;

  constructor(readonly details: HoldingDetails) {
    this.#validUntil = details.validUntil;
    this.heldUntil = details.acquiredAt + details.maxHoldMs;
  }

  get name(): string {
    return this.details.name;
  }

  get id(): string {
    return this.details.id;
  }

  get fence(): number {
    return this.details.fence;
  }

  /** Until when (monotonic) it can be trusted. */
  get validUntil(): number {
    return Math.min(this.#validUntil, this.heldUntil);
  }

  get heldMs(): number {
    return Math.round(performance.now() - this.details.acquiredAt);
  }

  get lost(): LockLostError | undefined {
    return this.#lost;
  }

  /** Aborts, with a `LockLostError`, when it can no longer be trusted. */
  get signal(): AbortSignal {
    if (!this.#controller) {
      this.#controller = new AbortController();
      if (this.#lost) this.#controller.abort(this.#lost);
    }
    return this.#controller.signal;
  }

  /** Whether it can no longer be trusted. */
  isLost(): boolean {
    this.expire();
    return this.#lost !== undefined;
  }

  /** Milliseconds for which it can still be trusted; 0 when it is lost. */
  remaining(): number {
    return this.isLost() ? 0 : Math.max(0, Math.floor(this.validUntil - performance.now()));
  }

  /** @throws LockLostError when it can no longer be trusted. */
  check(): void {
    this.expire();
    if (this.#lost) throw this.#lost;
  }

  /** A lease asked for at `sentAt` was confirmed. */
  trust(sentAt: number, leaseMs: number): void {
    this.#validUntil = Math.max(this.#validUntil, trustedUntil(sentAt, leaseMs));
    this.#failure = undefined;
  }

  /** It could not be renewed. It may be by the next try. */
  failed(cause: unknown): void {
    this.#failure = cause;
  }

  lose(reason: LockLostReason, cause?: unknown): void {
    if (this.#lost) return;
    this.#lost = new LockLostError(this.name, reason, this.heldMs, cause ? { cause } : undefined);
    this.details.onLost(this, reason);
    this.#controller?.abort(this.#lost);
  }

  /** Loses it if its time is over: timers are late after a stall, the clock is not. */
  expire(): void {
    const now = performance.now();
    if (now >= this.heldUntil) this.lose('max-hold');
    else if (now < this.#validUntil) return;
    else if (this.#failure === undefined) this.lose('expired');
    else this.lose('unreachable', this.#failure);
  }
}
