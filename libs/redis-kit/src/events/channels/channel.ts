import { deferred, type Deferred } from '../../core/deferred.js';
import type { RedisKitEvents } from '../../core/events.js';
import { safeMessage } from '../../core/redact.js';
import { ChannelClosedError } from './channels.errors.js';

export interface ReceiveOptions {
  /** Ends the wait. The next message then goes to the next call. */
  readonly signal?: AbortSignal | undefined;
}

export interface ChannelSettings {
  readonly name: string;
  readonly capacity: number;
  readonly expiryMs: number;
  readonly events: RedisKitEvents;
  readonly onMissed: (() => void) | undefined;
  readonly onClosed: () => void;
}

/** What one connection of this process receives: messages to its name, and to the groups it is in. */
export class Channel implements AsyncIterable<unknown> {
  readonly #waiting: { readonly message: unknown; readonly at: number }[] = [];
  readonly #receivers: Deferred<unknown>[] = [];
  #isClosed = false;

  constructor(private readonly settings: ChannelSettings) {}

  /** By which any process sends to it. */
  get name(): string {
    return this.settings.name;
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  /**
   * The next message, in the order they came in.
   *
   * @throws ChannelClosedError when it is closed, also while waiting.
   */
  async receive({ signal }: ReceiveOptions = {}): Promise<unknown> {
    signal?.throwIfAborted();
    if (this.#isClosed) throw new ChannelClosedError(this.name);
    this.#dropExpired();
    const next = this.#waiting.shift();
    if (next) return next.message;
    const receiver = deferred<unknown>();
    this.#receivers.push(receiver);
    const abort = () => {
      this.#receivers.splice(this.#receivers.indexOf(receiver), 1);
      receiver.reject(signal!.reason);
    };
    signal?.addEventListener('abort', abort, { once: true });
    try {
      return await receiver.promise;
    } finally {
      signal?.removeEventListener('abort', abort);
    }
  }

  /** Messages until it is closed. */
  async *[Symbol.asyncIterator](): AsyncGenerator<unknown, void, undefined> {
    while (!this.#isClosed) {
      try {
        yield await this.receive();
      } catch (error) {
        if (error instanceof ChannelClosedError) return;
        throw error;
      }
    }
  }

  /** Leaves all groups; what waits is gone. */
  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#waiting.length = 0;
    for (const receiver of this.#receivers.splice(0)) {
      receiver.reject(new ChannelClosedError(this.name));
    }
    this.settings.onClosed();
  }

  /** Calls `handler` with one message after the other, until it is closed. */
  async pump(handler: (message: unknown) => unknown): Promise<void> {
    for await (const message of this) {
      try {
        await handler(message);
      } catch (error) {
        const { events } = this.settings;
        events.emit('channels.handler-failed', {
          channel: this.name,
          message: safeMessage(error),
        });
      }
    }
  }

  /** A message came. */
  put(message: unknown): void {
    if (this.#isClosed) return;
    const receiver = this.#receivers.shift();
    if (receiver) {
      receiver.resolve(message);
      return;
    }
    this.#dropExpired();
    if (this.#waiting.length >= this.settings.capacity) this.#drop('full');
    else this.#waiting.push({ message, at: performance.now() });
  }

  missed(): void {
    this.settings.onMissed?.();
  }

  #dropExpired(): void {
    const oldest = performance.now() - this.settings.expiryMs;
    while (this.#waiting[0] && this.#waiting[0].at < oldest) {
      this.#waiting.shift();
      this.#drop('expired');
    }
  }

  #drop(reason: 'full' | 'expired'): void {
    this.settings.events.emit('channels.dropped', { channel: this.name, reason });
  }
}
