import { setTimeout as pause } from 'node:timers/promises';
import { Holding, trustedUntil } from './holding.js';
import { LockAbortedError, LockTimeoutError, type LockLostReason } from './lock.errors.js';
import type { AcquireTerms } from './lock.options.js';
import { isHeldByCaller } from './held-by-caller.js';
import type { LockProcess } from './lock-process.js';
import { isNotNow } from './not-now.js';
import type { AcquireAnswer, Grant, HoldStore } from './stores/hold-store.js';
import { Waiter, type WaiterDuties } from './waiter.js';
import { WaitingRoom } from './waiting-room.js';

const RETRY_MS = 50;
/** For how long a request that was given up is taken back, when Redis does not answer. A claim is shorter. */
const GIVE_BACK_MS = 10_000;
/** How long a release waits for Redis; after it, the attempts go on in the background. */
const RELEASE_PATIENCE_MS = 1_000;
/** A claim of which less than this share is left is confirmed before it is used. */
const SHARE_TO_TRUST = 1 / 4;

/**
 * Acquires and gives back what a store keeps: the client's side of the protocol.
 *
 * Every request is repeated until it is answered or no longer wanted, always with the same id, so that nothing is held
 * twice. What is no longer wanted is taken back, and its id marked when a request of it may still be on its way.
 */
export class Acquirer implements WaiterDuties {
  readonly #room: WaitingRoom;
  readonly #onLost = (holding: Holding, reason: LockLostReason): void => {
    const { name, fence, heldMs } = holding;
    this.process.watchdog.remove(holding);
    const { kind } = this.store;
    this.process.events.emit('lock.lost', { name, kind, fence, reason, heldMs });
  };

  constructor(
    readonly store: HoldStore,
    readonly process: LockProcess,
  ) {
    this.#room = new WaitingRoom(store, process, {
      found: (waiter, fence, until, leftMs) => this.#claim(waiter, fence, until, leftMs),
      forgotten: (waiter) => {
        this.#rename(waiter);
        void this.#ask(waiter);
      },
    });
  }

  /**
   * Waits until it is held. `detail` is what the server must know of the request when it grants it.
   *
   * @throws LockTimeoutError, LockAbortedError
   */
  acquire(name: string, terms: AcquireTerms, detail: string | number = 0): Promise<Holding> {
    this.process.assertOpen(name);
    if (terms.signal?.aborted) {
      throw new LockAbortedError(name, 0, { cause: terms.signal.reason as unknown });
    }
    const waiter = new Waiter(this.process.nextId(detail), name, detail, terms, this);
    this.process.deadlines.watch(waiter);
    if (this.#room.isWaitedFor(name)) void this.#ask(waiter);
    else void this.#take(waiter);
    return waiter.promise;
  }

  /** Answers whether it was held until now; `false` also when Redis could not be told in time. */
  release(holding: Holding): Promise<boolean> {
    // The process does not end its connection before Redis was told.
    return this.process.track(this.#release(holding));
  }

  async #release(holding: Holding): Promise<boolean> {
    const { name, id, fence, details } = holding;
    const isLost = holding.isLost();
    this.process.watchdog.remove(holding);
    const isSimple =
      !details.wasQueued && !details.isUncertain && !isLost && !this.#room.isWaitedFor(name);
    let wasHeld: boolean;
    try {
      wasHeld = isSimple && (await this.store.handBack(name, id, fence));
      wasHeld ||= await this.store.release(name, id, details.isUncertain);
      // Deleted, evicted or lost in a failover, and nobody has noticed until now.
      if (!wasHeld && !isLost) holding.lose('gone');
    } catch (error) {
      if (!isNotNow(error)) throw error;
      const answered = await Promise.race([
        this.#takeBack(name, id, details.isUncertain),
        pause(RELEASE_PATIENCE_MS, false, { ref: false }),
      ]);
      // That it is not held although the lease stands says that an attempt before was heard.
      wasHeld = answered && performance.now() < holding.validUntil;
    }
    if (this.process.events.has('lock.released')) {
      const { kind } = this.store;
      this.process.events.emit('lock.released', { name, kind, fence, heldMs: holding.heldMs });
    }
    return wasHeld && !isLost;
  }

  /** Goes on, under another id, with what another holding held; that one ends. */
  adopt(holding: Holding, id: string): Holding {
    this.process.watchdog.remove(holding);
    const { validUntil, heldUntil, details } = holding;
    const now = performance.now();
    const adopted = new Holding({
      ...details,
      store: this.store,
      id,
      acquiredAt: now,
      validUntil,
      maxHoldMs: heldUntil - now,
      isUncertain: false,
      wasQueued: true,
      onLost: this.#onLost,
    });
    this.process.watchdog.add(adopted);
    return adopted;
  }

  granted(waiter: Waiter, { fence, claimMs }: Grant): void {
    const until = trustedUntil(waiter.waitingSince ?? waiter.startedAt, claimMs);
    this.#claim(waiter, fence, until, claimMs);
  }

  timedOut(waiter: Waiter): void {
    const { name, waitedMs, holderAgeMs, failure } = waiter;
    const error = new LockTimeoutError(name, {
      kind: this.store.kind,
      waitedMs,
      // Known only from an answer: without one nobody can say that it is held.
      holderAgeMs: failure === undefined ? holderAgeMs : undefined,
      isHeldByCaller: isHeldByCaller(name),
      cause: failure,
    });
    this.#giveUp(waiter, 'timeout', error);
  }

  aborted(waiter: Waiter): void {
    const cause: unknown = waiter.terms.signal?.reason;
    this.#giveUp(waiter, 'aborted', new LockAbortedError(waiter.name, waiter.waitedMs, { cause }));
  }

  /** The usual case: it is free, and nobody waits. */
  async #take(waiter: Waiter): Promise<void> {
    const { name, id, terms, startedAt } = waiter;
    waiter.isAsking = true;
    try {
      const fence = await this.store.take(name, id, terms.leaseMs);
      waiter.isAsking = false;
      if (fence !== undefined) {
        if (this.#win(waiter, fence, trustedUntil(startedAt, terms.leaseMs))) return;
        this.#rename(waiter);
      }
    } catch (error) {
      if (!(await this.#canTryAgain(waiter, error))) return;
      waiter.isAsking = false;
    }
    await this.#ask(waiter);
  }

  /** Asks until there is an answer. */
  async #ask(waiter: Waiter): Promise<void> {
    if (waiter.isAsking) return;
    waiter.isAsking = true;
    const waits = waiter.terms.waitMs > 0;
    if (waits && !waiter.isSettled) {
      this.process.waiters.set(waiter.id, waiter);
      this.#room.enter(waiter);
      if (!this.process.channel.isOpen) await this.process.channel.ready();
    }
    while (!waiter.isSettled) {
      const { id, name, ticket, terms } = waiter;
      const sentAt = performance.now();
      waiter.waitingSince ??= sentAt;
      try {
        const request = { id, leaseMs: terms.leaseMs, waits, ticket };
        waiter.isAsking = true;
        const answer = await this.store.acquire(name, request);
        waiter.failure = undefined;
        if (this.#settle(waiter, answer, sentAt)) break;
      } catch (error) {
        if (!(await this.#canTryAgain(waiter, error))) break;
      }
    }
    waiter.isAsking = false;
  }

  /** False: it has to ask once more. */
  #settle(waiter: Waiter, answer: AcquireAnswer, sentAt: number): boolean {
    if (waiter.isSettled) return true;
    switch (answer.outcome) {
      case 'granted':
        waiter.isAsking = false;
        if (this.#win(waiter, answer.fence, trustedUntil(sentAt, waiter.terms.leaseMs)))
          return true;
        break;
      case 'queued':
        if (!waiter.isQueued) this.#announceQueued(waiter);
        waiter.isQueued = true;
        waiter.ticket = answer.ticket;
        waiter.waitingSince = sentAt;
        waiter.holderAgeMs = answer.holderAgeMs;
        this.#room.lookAgain(waiter.name, answer.freeInMs);
        return true;
      case 'held':
        waiter.isAsking = false;
        waiter.holderAgeMs = answer.holderAgeMs;
        this.timedOut(waiter);
        return true;
    }
    // Its time ran out before it was heard of, or the id was taken back.
    this.#rename(waiter);
    return false;
  }

  /** Granted by the queue: it may begin at once if enough of the claim is left, else it asks. */
  #claim(waiter: Waiter, fence: number, until: number, claimMs: number): void {
    const canTrust = until - performance.now() >= claimMs * SHARE_TO_TRUST;
    if (canTrust) this.#win(waiter, fence, until, claimMs);
    else void this.#ask(waiter);
  }

  /** False when the lease had ended before the answer came. */
  #win(waiter: Waiter, fence: number, validUntil: number, claimMs?: number): boolean {
    if (waiter.isSettled) return true;
    const now = performance.now();
    if (validUntil <= now) return false;
    const { name, id, terms } = waiter;
    this.#leave(waiter);
    if (this.process.isClosed) {
      void this.#takeBack(name, id, waiter.isUncertain || waiter.isAsking);
      waiter.reject(new LockAbortedError(name, waiter.waitedMs));
      return true;
    }
    const holding = new Holding({
      store: this.store,
      name,
      id,
      fence,
      leaseMs: terms.leaseMs,
      maxHoldMs: terms.maxHoldMs,
      renews: terms.renew,
      acquiredAt: now,
      validUntil,
      isUncertain: waiter.isUncertain || waiter.isAsking,
      wasQueued: waiter.isQueued,
      onLost: this.#onLost,
    });
    this.process.watchdog.add(holding, claimMs);
    if (this.process.events.has('lock.acquired')) {
      const { kind } = this.store;
      this.process.events.emit('lock.acquired', { name, kind, fence, waitedMs: waiter.waitedMs });
    }
    waiter.resolve(holding);
    return true;
  }

  /** False when there is no sense in it, and the waiter has been told. */
  async #canTryAgain(waiter: Waiter, error: unknown): Promise<boolean> {
    if (waiter.isSettled) return false;
    if (!isNotNow(error)) {
      waiter.isAsking = false;
      this.#giveUp(waiter, 'failed', error);
      return false;
    }
    waiter.isUncertain = true;
    waiter.failure = error;
    if (waiter.terms.waitMs > 0) await pause(RETRY_MS, undefined, { ref: false });
    else this.timedOut(waiter);
    return !waiter.isSettled;
  }

  /** A new id, because a message about the old one may still be on its way. */
  #rename(waiter: Waiter): void {
    const isRegistered = this.process.waiters.delete(waiter.id);
    if (waiter.isUncertain) void this.#takeBack(waiter.name, waiter.id, true);
    waiter.id = this.process.nextId(waiter.detail);
    waiter.isUncertain = false;
    waiter.isQueued = false;
    waiter.waitingSince = undefined;
    if (isRegistered) this.process.waiters.set(waiter.id, waiter);
  }

  #leave(waiter: Waiter): void {
    this.process.deadlines.forget(waiter);
    this.process.waiters.delete(waiter.id);
    this.#room.leave(waiter);
  }

  #giveUp(waiter: Waiter, reason: 'timeout' | 'aborted' | 'failed', error: unknown): void {
    if (waiter.isSettled) return;
    const { name, id, isAsking, isUncertain, isQueued, waitedMs } = waiter;
    this.#leave(waiter);
    if (isAsking || isUncertain || isQueued) {
      void this.#takeBack(name, id, isAsking || isUncertain);
      this.process.gaveUp(id, () => void this.#takeBack(name, id, false));
    }
    const { kind } = this.store;
    this.process.events.emit('lock.abandoned', { name, kind, reason, waitedMs });
    waiter.reject(error);
  }

  /** Says until it is heard that an id is no longer wanted; false when that was in vain. Never rejects. */
  #takeBack(name: string, id: string, tombstone: boolean): Promise<boolean> {
    const work = async () => {
      const deadline = performance.now() + GIVE_BACK_MS;
      while (performance.now() < deadline) {
        try {
          await this.store.release(name, id, tombstone);
          return true;
        } catch (error) {
          if (!isNotNow(error)) return false;
        }
        await pause(RETRY_MS, undefined, { ref: false });
      }
      return false;
    };
    return this.process.track(work());
  }

  #announceQueued({ name }: Waiter): void {
    this.process.events.emit('lock.queued', { name, kind: this.store.kind });
  }
}
