import type { Redis } from 'ioredis';
import { safeMessage } from '../redact.js';
import { dropClient } from './guard-client.js';

const FIRST_RETRY_DELAY_MS = 50;
const MAX_RETRY_DELAY_MS = 1_000;

/** Waits, and tells whether the link still stands. It ends early when the link is lost or closed. */
export type Pause = (ms: number) => Promise<boolean>;

export interface LinkDuties {
  /** Opens a new link; it is not connected yet. */
  open(): Redis;
  /** Makes a connected link fit for use, or throws. */
  establish(client: Redis): Promise<void>;
  /** The link is in use from now on. `replaced` says what became of the one before, if there was one. */
  onUp?(client: Redis, replaced: { reason: string; downMs: number } | undefined): void;
  /** Checks the link again and again; throws, or returns once the pause says that it is gone. */
  watch(client: Redis, pause: Pause): Promise<void>;
  /** The link is gone. */
  onDown?(): void;
  /** It could not be opened or established. */
  onFailed?(error: unknown): void;
}

/**
 * Keeps one link up until it is closed: opened, established, watched, dropped when it is no longer any good, and opened
 * again. The driver's own reconnect is not used, because it does not tell what was missed in between.
 */
export class SupervisedLink {
  #client: Redis | undefined;
  #closed = false;
  #endPause: (() => void) | undefined;
  readonly #running: Promise<void>;

  constructor(private readonly duties: LinkDuties) {
    this.#running = this.#run();
  }

  /** Drops the link, so that it is made anew. */
  renew(): void {
    if (this.#client) dropClient(this.#client);
    this.#endPause?.();
  }

  /** Drops the link for good. */
  async close(): Promise<void> {
    this.#closed = true;
    this.renew();
    await this.#running;
  }

  async #run(): Promise<void> {
    let attempts = 0;
    let lost: { at: number; reason: string } | undefined;
    while (!this.#closed) {
      const startedAt = performance.now();
      const reason = await this.#attempt(lost);
      if (reason !== undefined) {
        lost = { at: performance.now(), reason };
        // A link that is lost as soon as it stands must not be re-made in a tight loop.
        if (lost.at - startedAt > MAX_RETRY_DELAY_MS) attempts = 0;
      }
      if (this.#client) dropClient(this.#client);
      this.#client = undefined;
      await this.#pause(Math.min(FIRST_RETRY_DELAY_MS * 2 ** attempts++, MAX_RETRY_DELAY_MS));
    }
  }

  /** One life of a link: the reason for its end, or undefined when it never stood. */
  async #attempt(lost: { at: number; reason: string } | undefined): Promise<string | undefined> {
    try {
      const client = this.duties.open();
      this.#client = client;
      client.on('error', () => undefined);
      await client.connect();
      await this.duties.establish(client);
    } catch (error) {
      if (!this.#closed) this.duties.onFailed?.(error);
      return undefined;
    }
    const client = this.#client!;
    this.duties.onUp?.(
      client,
      lost && { reason: lost.reason, downMs: performance.now() - lost.at },
    );
    try {
      await this.duties.watch(client, async (ms) => {
        await this.#pause(ms, client);
        return !this.#closed && client.status === 'ready';
      });
      return 'the connection was lost';
    } catch (error) {
      return safeMessage(error);
    } finally {
      this.duties.onDown?.();
    }
  }

  /** Waits, at most until the client ends or the link is closed. */
  #pause(ms: number, client?: Redis): Promise<void> {
    return new Promise((resolve) => {
      const end = () => {
        clearTimeout(timer);
        client?.off('end', end);
        this.#endPause = undefined;
        resolve();
      };
      const timer = setTimeout(end, ms);
      this.#endPause = end;
      client?.once('end', end);
      if (this.#closed || client?.status === 'end') end();
    });
  }
}
