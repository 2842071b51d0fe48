import { deferred } from '../core/deferred.js';
import type { RedisKitEvents } from '../core/events.js';
import { isConnectivityError } from '../core/failsafe/connectivity.js';
import { RedisKitError } from '../core/redis-kit.error.js';
import { safeMessage } from '../core/redact.js';
import type { LogEntry, LoggedEvent } from './event.js';
import type { EventCodec } from './event-codec.js';
import { gapBetween, placeId, positionIn, type LogGap, type LogPosition } from './log-position.js';
import type { PartitionPlace } from './stream-name.js';
import { START, type EventStorage } from './stores/event-storage.js';
import { Signal } from './signal.js';

const PAGE = 200;
const LONGEST_PAUSE_MS = 2_000;

/** Options of `EventStore.subscribe`. */
export interface StreamSubscribeOptions {
  /** Where to begin: a position, `'start'`, or `'end'` for what is appended from now on. @default 'start' */
  readonly from?: LogPosition | 'start' | 'end' | undefined;
  /** Hears each time the subscription has come to the end of all partitions. */
  readonly onCaughtUp?: (() => void) | undefined;
  /** Hears of events it did not get. */
  readonly onGap?: ((gap: LogGap) => void) | undefined;
  /** Ends it. */
  readonly signal?: AbortSignal | undefined;
}

export interface SubscriptionParts {
  readonly storage: EventStorage;
  readonly codec: EventCodec;
  readonly places: () => Promise<PartitionPlace[]>;
  readonly handler: (event: LoggedEvent) => unknown;
  readonly events: RedisKitEvents;
  readonly pollMs: number;
  readonly options: StreamSubscribeOptions;
}

/**
 * Follows categories in one process. It goes on through outages of Redis; it ends when it is closed, or when its handler or
 * an event fails: then `done` rejects, and `position` is that of the last event that was handled.
 */
export class Subscription {
  readonly #done = deferred<void>();
  readonly #position: Record<string, string> = {};
  readonly #behind = new Set<string>();
  readonly #signals = new Set<Signal>();
  readonly #running: Promise<void>;
  #isClosed = false;
  /** One event at a time, over all partitions. */
  #turn: Promise<unknown> = Promise.resolve();

  /** @internal `EventStore.subscribe` makes it. */
  constructor(private readonly parts: SubscriptionParts) {
    this.#done.promise.catch(() => undefined);
    const { signal } = parts.options;
    const close = () => void this.close();
    signal?.addEventListener('abort', close, { once: true });
    if (signal?.aborted) this.#isClosed = true;
    this.#running = this.#run()
      .catch((error: unknown) => this.#fail(error))
      .finally(() => {
        signal?.removeEventListener('abort', close);
        this.#done.resolve();
      });
  }

  /** Resolves when it was closed; rejects with what its handler threw. */
  get done(): Promise<void> {
    return this.#done.promise;
  }

  /** Of the last event that was handled, in each partition. */
  get position(): LogPosition {
    return { ...this.#position };
  }

  /** True while it has had all there is. */
  get isCaughtUp(): boolean {
    return this.#behind.size === 0;
  }

  /** Ends it; resolves when the event in hand is handled. */
  async close(): Promise<void> {
    this.#isClosed = true;
    for (const signal of this.#signals) signal.set();
    await this.#running;
  }

  async #run(): Promise<void> {
    this.#behind.add('');
    const nowhere = { category: '', partition: 0 };
    const places = await this.#retry(nowhere, this.#newSignal(), this.parts.places);
    for (const place of places ?? []) this.#behind.add(placeId(place));
    this.#behind.delete('');
    await Promise.all((places ?? []).map((place) => this.#follow(place)));
  }

  async #follow(place: PartitionPlace): Promise<void> {
    const { storage, options, pollMs } = this.parts;
    const { from = 'start' } = options;
    const signal = this.#newSignal();
    const watch = storage.watch(place, () => signal.set());
    watch.ready.then(
      () => signal.set(),
      () => undefined,
    );
    try {
      const first =
        from === 'end'
          ? await this.#retry(place, signal, () => storage.end(place))
          : from === 'start'
            ? START
            : positionIn(from, place);
      let last = first ?? START;
      this.#position[placeId(place)] = last;
      while (!this.#isClosed) {
        signal.clear();
        const entries = await this.#retry(place, signal, () =>
          storage.readLogOrWait(place, last, PAGE),
        );
        if (!entries) return;
        if (entries.length === 0) {
          this.#caughtUp(place);
          await signal.wait(pollMs);
          continue;
        }
        this.#behind.add(placeId(place));
        for (const entry of entries) {
          if (this.#isClosed) return;
          await this.#handle(place, last, entry);
          last = entry.position;
        }
      }
    } catch (error) {
      this.#fail(error);
    } finally {
      watch.close();
    }
  }

  #fail(error: unknown): void {
    this.#done.reject(error);
    this.#isClosed = true;
    for (const signal of this.#signals) signal.set();
  }

  #newSignal(): Signal {
    const signal = new Signal();
    this.#signals.add(signal);
    return signal;
  }

  async #handle(place: PartitionPlace, last: string, entry: LogEntry): Promise<void> {
    const { codec, handler, events, options } = this.parts;
    const turn = this.#turn.then(async () => {
      // Another partition's event may have ended it meanwhile.
      if (this.#isClosed) return;
      const gap = gapBetween(place, last, entry.position);
      if (gap) {
        events.emit('stream.gap', { ...gap, group: '' });
        options.onGap?.(gap);
      }
      await handler(await codec.decodeEntry(place, entry));
      this.#position[placeId(place)] = entry.position;
    });
    this.#turn = turn.catch(() => undefined);
    await turn;
  }

  #caughtUp(place: PartitionPlace): void {
    if (this.#behind.delete(placeId(place)) && this.#behind.size === 0) {
      this.parts.options.onCaughtUp?.();
    }
  }

  /** Goes on asking until Redis answers; undefined when the subscription was closed meanwhile. */
  async #retry<T>(
    place: PartitionPlace,
    signal: Signal,
    ask: () => Promise<T>,
  ): Promise<T | undefined> {
    for (let pauseMs = 50; !this.#isClosed; pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS)) {
      try {
        return await ask();
      } catch (error) {
        // Such as a category that is divided otherwise: asking again is no use.
        if (error instanceof RedisKitError && !isConnectivityError(error)) throw error;
        this.parts.events.emit('stream.read-failed', { ...place, message: safeMessage(error) });
        signal.clear();
        if (!this.#isClosed) await signal.wait(pauseMs);
      }
    }
    return undefined;
  }
}
