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
  /** Redis stopped answering in time; calls of this scope are answered without it from now on. */
  'circuit.opened': { circuit: string; reason: string };
  /** Redis answered the probe again. */
  'circuit.closed': { circuit: string; openMs: number };
}

export type RedisKitEvent = keyof RedisKitEventMap;
export type RedisKitListener<E extends RedisKitEvent> = (payload: RedisKitEventMap[E]) => void;

/** Options of a root module that takes listeners directly. */
export type RedisKitListeners = { [E in RedisKitEvent]?: RedisKitListener<E> | undefined };

/**
 * What happens inside the suite, as typed past-tense facts.
 *
 * Listeners run synchronously in the asynchronous context of the call that caused the event, so the
 * `AsyncLocalStorage` of a request is visible to them. A listener that throws is logged and never breaks a feature.
 */
export class RedisKitEvents {
  readonly #logger = new Logger('RedisKit');
  readonly #listeners = new Map<RedisKitEvent, Set<(payload: never) => void>>();

  /** Calls `listener` for each `event` until the returned function is called. */
  on<E extends RedisKitEvent>(event: E, listener: RedisKitListener<E>): () => void {
    const listeners = this.#listeners.get(event) ?? new Set();
    listeners.add(listener);
    this.#listeners.set(event, listeners);
    return () => {
      listeners.delete(listener);
      if (listeners.size === 0) this.#listeners.delete(event);
    };
  }

  /** True when somebody listens, so that a hot path can skip building the payload. */
  has(event: RedisKitEvent): boolean {
    return this.#listeners.has(event);
  }

  emit<E extends RedisKitEvent>(event: E, payload: RedisKitEventMap[E]): void {
    const listeners = this.#listeners.get(event);
    if (!listeners) return;
    for (const listener of listeners as Set<RedisKitListener<E>>) {
      try {
        listener(payload);
      } catch (error) {
        this.#logger.error(`A listener of '${event}' threw`, error);
      }
    }
  }

  /** Forgets every listener. */
  clear(): void {
    this.#listeners.clear();
  }
}
