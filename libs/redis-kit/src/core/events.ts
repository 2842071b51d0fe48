import { isPromise } from 'node:util/types';
import { Logger } from '@nestjs/common';

/**
 * Every event of the suite with its payload. Each feature adds its own in `<feature>.events.ts`.
 * Payloads carry facts and durations, never cached values and never secrets.
 */
export interface RedisKitEventMap {
  /** A connection became usable. */
  'connection.ready': { connection: string; role: string };
  /** A connection that was usable was lost; it is being re-opened. */
  'connection.lost': { connection: string; role: string };
  /** An attempt to connect, or an established connection, failed with this message. */
  'connection.failed': { connection: string; role: string; message: string };
  /** A subscriber connection was replaced; messages published in between were missed. */
  'subscriber.replaced': { connection: string; reason: string; downMs: number };
  /** A blocking connection was silent beyond its block time and was dropped. */
  'blocking.stalled': { connection: string; silentMs: number };
  /** Local memory is kept coherent by Redis from now on. */
  'tracking.armed': { connection: string };
  /** Local memory can no longer be trusted and is not used until it can. */
  'tracking.suspended': { connection: string };
  /** The server does not track keys; local memory is off. */
  'tracking.refused': { connection: string; reason: string };
  /** Redis stopped answering in time; calls of this scope are answered without it from now on. */
  'circuit.opened': { circuit: string; reason: string };
  /** Redis answered the probe again. */
  'circuit.closed': { circuit: string; openMs: number };
}

export type RedisKitEvent = keyof RedisKitEventMap;
export type RedisKitListener<E extends RedisKitEvent> = (payload: RedisKitEventMap[E]) => void;

/** Options of a root module that takes listeners directly. */
export type RedisKitListeners = { [E in RedisKitEvent]?: RedisKitListener<E> | undefined };

interface Subscription {
  readonly listener: (payload: never) => unknown;
}

/**
 * What happens inside the suite, as typed past-tense facts.
 *
 * Listeners run synchronously in the asynchronous context of the call that caused the event, so the
 * `AsyncLocalStorage` of a request is visible to them. A listener that throws or rejects is logged and never breaks a
 * feature.
 */
export class RedisKitEvents {
  readonly #logger = new Logger('RedisKit');
  readonly #subscriptions = new Map<RedisKitEvent, Set<Subscription>>();

  /** Calls `listener` for each `event` until the returned function is called. */
  on<E extends RedisKitEvent>(event: E, listener: RedisKitListener<E>): () => void {
    const subscription: Subscription = { listener };
    const subscriptions = this.#subscriptions.get(event) ?? new Set();
    this.#subscriptions.set(event, subscriptions.add(subscription));
    return () => {
      subscriptions.delete(subscription);
      // After `clear` the event may have a new set, with listeners that this subscription has nothing to do with.
      if (subscriptions.size === 0 && this.#subscriptions.get(event) === subscriptions) {
        this.#subscriptions.delete(event);
      }
    };
  }

  /** True when somebody listens, so that a hot path can skip building the payload. */
  has(event: RedisKitEvent): boolean {
    return this.#subscriptions.has(event);
  }

  emit<E extends RedisKitEvent>(event: E, payload: RedisKitEventMap[E]): void {
    const subscriptions = this.#subscriptions.get(event);
    if (!subscriptions) return;
    // Those who listen now: a listener that subscribes anew in each call would be visited for ever.
    for (const subscription of [...subscriptions]) {
      if (!subscriptions.has(subscription)) continue;
      const failed = (error: unknown) =>
        this.#logger.error(`A listener of '${event}' threw`, error);
      try {
        const outcome = (subscription.listener as (payload: unknown) => unknown)(payload);
        if (isPromise(outcome)) outcome.catch(failed);
      } catch (error) {
        failed(error);
      }
    }
  }

  /** Forgets every listener. */
  clear(): void {
    this.#subscriptions.clear();
  }
}
