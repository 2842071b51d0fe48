import { randomUUID } from 'node:crypto';
import type { Redis } from 'ioredis';
import type { RedisConnection } from '../../core/connections/redis-connection.js';
import { parseDuration, type Duration } from '../../core/duration.js';
import type { KeySpace } from '../../core/key-space.js';
import { runScript } from '../../core/scripts/script-runner.js';
import { settleOnce } from '../groups.scripts.js';
import { inboxKey } from '../streams.keys.js';
import { InboxBusyError, InboxLostError, StreamArgumentError } from '../streams.errors.js';

const DONE = 'done';

/** Where the inbox keeps its notes. */
export interface InboxStorage {
  /** What is there; undefined when it was free and is taken with this token. */
  begin(
    scope: string,
    eventId: string,
    token: string,
    leaseMs: number,
  ): Promise<string | undefined>;
  /** Puts `next` in the place of the token, nothing if it is empty; false when it is somebody else's. */
  settle(
    scope: string,
    eventId: string,
    token: string,
    next: string,
    ttlMs: number,
  ): Promise<boolean>;
}

export interface ProcessOnceOptions {
  /** What the work is, such as the name of the group: the same event is done once for each. @default 'default' */
  readonly scope?: string | undefined;
  /** How long a process that does not answer keeps others from the work; it is renewed meanwhile. @default '30s' */
  readonly lease?: Duration | undefined;
  /** How long it is remembered that the work was done: longer than an event can come again. @default '7d' */
  readonly keep?: Duration | undefined;
}

/**
 * Does what must not be done twice: once per event that is remembered, by one process at a time. When the process dies in
 * the middle, it is done again from the start; work that changes something else should be idempotent there as well.
 */
export class Inbox {
  readonly #timers = new Set<NodeJS.Timeout>();

  /** @internal Nest makes it. */
  constructor(private readonly storage: InboxStorage) {}

  /**
   * Runs `work` unless it was done before for this event.
   *
   * @returns what it returned; `isDone: false` when it had been done before.
   * @throws InboxBusyError when another process is at it: throw it on, so that the event comes again later.
   * @throws InboxLostError when the work took place but another process may have begun it, too.
   */
  async processOnce<T>(
    eventId: string,
    work: () => T | Promise<T>,
    options: ProcessOnceOptions = {},
  ): Promise<{ readonly isDone: true; readonly value: T } | { readonly isDone: false }> {
    const { scope = 'default' } = options;
    const leaseMs = msOf('lease', options.lease ?? '30s');
    const keepMs = msOf('keep', options.keep ?? '7d');
    const token = `running:${randomUUID()}`;
    const found = await this.storage.begin(scope, eventId, token, leaseMs);
    if (found === DONE) return { isDone: false };
    // Its own token: the reply to an earlier try of the same command was lost.
    if (found !== undefined && found !== token) throw new InboxBusyError(scope, eventId);
    const renewal = setInterval(() => {
      this.storage.settle(scope, eventId, token, token, leaseMs).catch(() => undefined);
    }, leaseMs / 3);
    this.#timers.add(renewal);
    let value: T;
    try {
      value = await work();
    } catch (error) {
      await this.storage.settle(scope, eventId, token, '', 0).catch(() => undefined);
      throw error;
    } finally {
      clearInterval(renewal);
      this.#timers.delete(renewal);
    }
    if (!(await this.storage.settle(scope, eventId, token, DONE, keepMs))) {
      throw new InboxLostError(scope, eventId);
    }
    return { isDone: true, value };
  }

  /** @internal */
  close(): void {
    for (const timer of this.#timers) clearInterval(timer);
  }
}

export class RedisInboxStorage implements InboxStorage {
  constructor(
    private readonly connection: RedisConnection,
    private readonly keySpace: KeySpace,
  ) {}

  async begin(
    scope: string,
    eventId: string,
    token: string,
    leaseMs: number,
  ): Promise<string | undefined> {
    const key = inboxKey(this.keySpace, scope, eventId);
    return (await this.#client.set(key, token, 'PX', leaseMs, 'NX', 'GET')) ?? undefined;
  }

  settle(
    scope: string,
    eventId: string,
    token: string,
    next: string,
    ttlMs: number,
  ): Promise<boolean> {
    const inbox = inboxKey(this.keySpace, scope, eventId);
    return runScript(this.#client, settleOnce, { inbox }, { token, next, ttlMs });
  }

  get #client(): Redis {
    return this.connection.command as Redis;
  }
}

/** For tests. */
export class MemoryInboxStorage implements InboxStorage {
  readonly #notes = new Map<string, { text: string; until: number }>();

  async begin(
    scope: string,
    eventId: string,
    token: string,
    leaseMs: number,
  ): Promise<string | undefined> {
    const found = this.#read(scope, eventId);
    if (found === undefined) this.#write(scope, eventId, token, leaseMs);
    return found;
  }

  async settle(
    scope: string,
    eventId: string,
    token: string,
    next: string,
    ttlMs: number,
  ): Promise<boolean> {
    if (this.#read(scope, eventId) !== token) return false;
    if (next === '') this.#notes.delete(`${scope}:${eventId}`);
    else this.#write(scope, eventId, next, ttlMs);
    return true;
  }

  #read(scope: string, eventId: string): string | undefined {
    const note = this.#notes.get(`${scope}:${eventId}`);
    return note && note.until > performance.now() ? note.text : undefined;
  }

  #write(scope: string, eventId: string, text: string, ttlMs: number): void {
    this.#notes.set(`${scope}:${eventId}`, { text, until: performance.now() + ttlMs });
  }
}

function msOf(option: string, value: Duration): number {
  const ms = parseDuration(value);
  if (ms !== undefined && ms >= 10 && ms <= 3_650 * 86_400_000) return ms;
  throw new StreamArgumentError(`${option} of processOnce() is a duration from 10ms to 3650d.`);
}
