import { hash } from 'node:crypto';
import type { RedisKitEvents } from '../../core/events.js';
import { withDeadline } from '../../core/failsafe/deadline.js';
import { Budget, Failsafe } from '../../core/failsafe/failsafe.js';
import { withStaleFrom } from '../entry.js';
import { Glob } from '../glob.js';
import { CacheStore, type Answer, type RemovalListener } from './cache-store.js';
import { KeyQueue } from './key-queue.js';
import type { KeyvEntry, KeyvLike } from './keyv-like.js';
import type { StoreFailureListener } from './redis-cache.store.js';

/** As for Redis: three failures in a row are an outage, and a recovery is seen well within a second. */
const FAILURES_TO_OPEN = 3;
const PROBE_INTERVAL_MS = 250;
/** A database is slower than Redis. The probe must not be more impatient than the calls it stands for, nor hang. */
const PROBE_DEADLINE_MS = 1_000;
/** Columns for keys are often VARCHAR(255), and the namespace of the Keyv goes in front. */
const LONGEST_KEY = 200;
/** Nothing is kept under it. */
const PROBE_KEY = 'redis-kit-probe';

export interface KeyvCacheStoreSettings {
  readonly cache: string;
  readonly keyv: KeyvLike;
  readonly events: RedisKitEvents;
  readonly onFailure: StoreFailureListener;
}

/**
 * Entries and tokens in a Keyv, as base64 text.
 *
 * A Keyv has no compare-and-set. Here what belongs to one key is done one after the other, so all fences hold within
 * this process. Between processes they do not: several lead at a time, and a value that is being stored while another
 * process deletes its key may stay. Tags and `clear` hold between processes as well, because tokens are random, and none
 * is ever written a second time; therefore lives are not extended, either.
 */
export class KeyvCacheStore extends CacheStore {
  readonly #failsafe: Failsafe;
  readonly #queue = new KeyQueue();
  readonly #heard: (error: unknown) => void;
  /** Errors the Keyv has emitted, as adapters do that hide their failures, and the last of them. */
  #errors = 0;
  #lastError: unknown;

  constructor(private readonly settings: KeyvCacheStoreSettings) {
    super();
    const { cache, keyv, events } = settings;
    // By default a Keyv takes a failed read for a miss, and a failed delete for one of nothing.
    keyv.throwOnErrors = true;
    this.#heard = (error) => {
      this.#errors += 1;
      this.#lastError = error;
    };
    keyv.on('error', this.#heard);
    this.#failsafe = new Failsafe({
      connection: `keyv:${cache}`,
      failureThreshold: FAILURES_TO_OPEN,
      probeIntervalMs: PROBE_INTERVAL_MS,
      probe: () =>
        withDeadline(
          'probe',
          PROBE_DEADLINE_MS,
          this.#honest(() => this.#raw(PROBE_KEY)),
        ),
      // Which of a driver's errors mean that its server is away cannot be known.
      isOutage: () => true,
      events,
    });
  }

  read(keys: readonly string[], budget: Budget): Answer<(Buffer | null)[]> {
    return this.#guarded('cache.read', keys[0]!, budget, async () => {
      const entries = await this.#rawMany(keys);
      return keys.map((_, i) => bytesOf(entries[i]));
    });
  }

  write(key: string, bytes: Buffer, ttlMs: number, budget: Budget): Answer<void> {
    return this.#exclusive('cache.write', key, budget, () => this.#set(key, bytes, ttlMs));
  }

  create(key: string, bytes: Buffer, ttlMs: number, budget: Budget): Answer<Buffer | null> {
    return this.#exclusive('cache.create', key, budget, async () => {
      const standing = bytesOf(await this.#raw(key));
      if (standing === null) await this.#set(key, bytes, ttlMs);
      return standing;
    });
  }

  replace(
    key: string,
    header: Buffer,
    bytes: Buffer,
    ttlMs: number,
    budget: Budget,
  ): Answer<boolean> {
    return this.#exclusive('cache.replace', key, budget, async () => {
      const stands = startsWith(await this.#raw(key), header);
      if (stands) await this.#set(key, bytes, ttlMs);
      return stands;
    });
  }

  removeExactly(key: string, header: Buffer, budget: Budget): Answer<boolean> {
    return this.#exclusive('cache.release', key, budget, async () => {
      const stands = startsWith(await this.#raw(key), header);
      if (stands) await this.#delete(key);
      return stands;
    });
  }

  /**
   * Does nothing. To live longer the bytes would have to be written again, and a token that another process has replaced
   * meanwhile would be back. A token that expires early costs hits, never correctness.
   */
  async extend(): Answer<void> {}

  life(key: string, budget: Budget): Answer<number> {
    return this.#guarded('cache.life', key, budget, async () => lifeOf(await this.#raw(key)));
  }

  put(key: string, bytes: Buffer, ttlMs: number, deadlineMs: number): Promise<void> {
    return this.#required('cache.put', key, deadlineMs, () => this.#set(key, bytes, ttlMs));
  }

  async remove(keys: readonly string[], deadlineMs: number): Promise<boolean> {
    const removed = await Promise.all(keys.map((key) => this.#removeOne(key, deadlineMs)));
    return removed.includes(true);
  }

  #removeOne(key: string, deadlineMs: number): Promise<boolean> {
    return this.#required('cache.remove', key, deadlineMs, async () => {
      const standing = bytesOf(await this.#raw(key));
      await this.#delete(key);
      return standing !== null;
    });
  }

  expire(key: string, deadlineMs: number): Promise<boolean> {
    return this.#required('cache.expire', key, deadlineMs, async () => {
      const entry = await this.#raw(key);
      const bytes = bytesOf(entry);
      if (!bytes) return false;
      const stale = withStaleFrom(bytes, Date.now());
      const lifeMs = lifeOf(entry);
      if (stale && lifeMs > 0) await this.#set(key, stale, lifeMs);
      else await this.#delete(key);
      return true;
    });
  }

  /** The clock of this process: a Keyv has none that is shared. */
  async now(): Promise<number> {
    return Date.now();
  }

  /** Keys of more than 200 characters, or with others than those of ASCII, are kept by a digest and match nothing. */
  async *keys(glob: string, deadlineMs: number): AsyncGenerator<readonly string[]> {
    const { keyv } = this.settings;
    if (typeof keyv.iterator !== 'function') {
      throw new Error('The adapter of the Keyv cannot list its keys: invalidate by tags');
    }
    const pattern = new Glob(glob);
    // Keyv takes off what it believes to be the namespace: everything up to the first colon.
    const restOfNamespace = keyv.namespace?.split(':').slice(1).join(':') ?? '';
    const keys = keyv.iterator(keyv.namespace)[Symbol.asyncIterator]();
    for (;;) {
      const next = await withDeadline(
        'cache.scan',
        deadlineMs,
        this.#honest(() => keys.next()),
      );
      if (next.done === true) return;
      const [listed] = next.value as [string, unknown];
      const key = restOfNamespace === '' ? listed : listed.slice(restOfNamespace.length + 1);
      if (pattern.matches(key)) yield [key];
    }
  }

  async removeMatching(glob: string, deadlineMs: number, onStep: RemovalListener): Promise<number> {
    let removed = 0;
    for await (const [key] of this.keys(glob, deadlineMs)) {
      if (await this.#removeOne(key!, deadlineMs)) removed += 1;
      onStep(removed);
    }
    onStep(removed);
    return removed;
  }

  override close(): void {
    this.#failsafe.dispose();
    this.settings.keyv.off('error', this.#heard);
  }

  #guarded<T>(operation: string, key: string, budget: Budget, work: () => Promise<T>): Answer<T> {
    return this.#failsafe.run(
      operation,
      '',
      budget,
      () => this.#honest(work),
      (error) => this.settings.onFailure(operation, key, error),
    );
  }

  /** Work that nobody waits for any more when its turn comes is not begun: it was answered to have had no effect. */
  async #exclusive<T>(
    operation: string,
    key: string,
    budget: Budget,
    work: () => Promise<T>,
  ): Answer<T> {
    let isAwaited = true;
    try {
      return await this.#guarded(operation, key, budget, () =>
        this.#queue.run(key, () => (isAwaited ? work() : tooLate<T>())),
      );
    } finally {
      isAwaited = false;
    }
  }

  #required<T>(
    operation: string,
    key: string,
    deadlineMs: number,
    work: () => Promise<T>,
  ): Promise<T> {
    return withDeadline(
      operation,
      deadlineMs,
      this.#honest(() => this.#queue.run(key, work)),
    );
  }

  /**
   * Work that fails when the Keyv emits an error meanwhile. It may be the error of something else: then a read is a
   * miss, and an invalidation is done once more.
   */
  async #honest<T>(work: () => Promise<T>): Promise<T> {
    const errors = this.#errors;
    const result = await work();
    if (this.#errors !== errors) throw this.#lastError;
    return result;
  }

  async #raw(key: string): Promise<KeyvEntry | undefined> {
    return this.settings.keyv.get(this.#spelt(key), { raw: true });
  }

  async #rawMany(keys: readonly string[]): Promise<(KeyvEntry | undefined)[]> {
    const { keyv } = this.settings;
    // Of an adapter that cannot read several keys at once, Keyv itself hides the failures of each.
    const canReadMany = typeof (keyv.store as { getMany?: unknown }).getMany === 'function';
    if (keys.length === 1 || !canReadMany) return Promise.all(keys.map((key) => this.#raw(key)));
    return keyv.getMany(
      keys.map((key) => this.#spelt(key)),
      { raw: true },
    );
  }

  async #set(key: string, bytes: Buffer, ttlMs: number): Promise<void> {
    const isSet = await this.settings.keyv.set(this.#spelt(key), bytes.toString('base64'), ttlMs);
    if (!isSet) throw new Error('The Keyv did not store the value');
  }

  /** Keyv answers false to "there was nothing" and to "it did not work": so it is looked whether something is left. */
  async #delete(key: string): Promise<void> {
    const isDeleted = await this.settings.keyv.delete(this.#spelt(key));
    if (!isDeleted && bytesOf(await this.#raw(key)))
      throw new Error('The Keyv did not delete the key');
  }

  /**
   * The key, or a digest of it: where a database might not hold it, and where Keyv would take its beginning for the
   * namespace, which it does for one key and not for several.
   */
  #spelt(key: string): string {
    const isPlain = key.length <= LONGEST_KEY && /^[\x20-\x7d]+$/.test(key);
    if (isPlain && !key.startsWith(`${this.settings.keyv.namespace}:`)) return key;
    return `~${hash('sha256', key, 'base64url')}`;
  }
}

function bytesOf(entry: KeyvEntry | null | undefined): Buffer | null {
  return typeof entry?.value === 'string' ? Buffer.from(entry.value, 'base64') : null;
}

const startsWith = (entry: KeyvEntry | undefined, header: Buffer): boolean =>
  bytesOf(entry)?.subarray(0, header.length).equals(header) === true;

const lifeOf = (entry: KeyvEntry | undefined): number =>
  typeof entry?.expires === 'number' ? entry.expires - Date.now() : 0;

async function tooLate<T>(): Promise<T> {
  throw new Error('The call was answered before its turn came');
}
