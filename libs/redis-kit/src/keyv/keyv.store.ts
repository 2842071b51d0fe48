import { Keyv, type KeyvStoreAdapter, type StoredData } from 'keyv';
import type { CacheService } from '../cache/cache.service.js';
import { escapeGlob } from '../cache/glob.js';

/** The kind of database Keyv has to think of, or it does not offer an iterator; nothing else reads it. */
interface AdapterOptions {
  readonly dialect: 'redis';
}

/** Keys an iterator reads at once. */
const READ_AT_ONCE = 100;

interface Entry {
  readonly key: string;
  readonly value: unknown;
  readonly ttl?: number | undefined;
}

/**
 * A cache as the store of a Keyv, so that `CacheModule` of `@nestjs/cache-manager`, and whatever else takes a Keyv, runs
 * on it. Reads and writes do not fail because of Redis: they miss, and answer false. `delete` and `clear` throw when Redis
 * did not take them; they are queued.
 *
 * Everything expires: what is set without a ttl, after that of the cache.
 */
export class RedisKitKeyvStore implements KeyvStoreAdapter {
  readonly opts: AdapterOptions = { dialect: 'redis' };
  /** Set by Keyv, which puts it in front of each key. All that is stored meanwhile is cleared together. */
  namespace: string | undefined;

  constructor(private readonly cache: CacheService) {}

  async get<Value>(key: string): Promise<StoredData<Value> | undefined> {
    return this.cache.get<StoredData<Value>>(key);
  }

  getMany<Value>(keys: string[]): Promise<StoredData<Value | undefined>[]> {
    return Promise.all(keys.map((key) => this.get<Value | undefined>(key)));
  }

  /** @returns false when it was not stored. */
  set(key: string, value: unknown, ttl?: number): Promise<boolean> {
    return this.cache.set(key, value, {
      // Keyv counts its own time too, and an entry must not be gone before.
      jitter: 0,
      tags: this.#tags(),
      // 0 is no limit to Keyv.
      ...(ttl ? { ttl } : {}),
    });
  }

  // Keyv passes on what this answers as one answer per entry, whatever its typings say.
  setMany(entries: Entry[]): Promise<never> {
    return Promise.all(entries.map(({ key, value, ttl }) => this.set(key, value, ttl))) as never;
  }

  /** @returns true when there was something. */
  delete(key: string): Promise<boolean> {
    return this.cache.delete(key);
  }

  /** @returns true when there was something under one of the keys. */
  async deleteMany(keys: string[]): Promise<boolean> {
    // All of them, also when one fails: what follows it must not stay.
    const results = await Promise.allSettled(keys.map((key) => this.delete(key)));
    const failure = results.find((result) => result.status === 'rejected');
    if (failure) throw failure.reason;
    return results.some((result) => result.status === 'fulfilled' && result.value);
  }

  /** Removes what was set in this namespace; without a namespace, everything in the cache. */
  clear(): Promise<void> {
    const tags = this.#tags();
    return tags.length > 0 ? this.cache.invalidateTags(...tags) : this.cache.clear();
  }

  async has(key: string): Promise<boolean> {
    return (await this.cache.lookup(key)).hit;
  }

  hasMany(keys: string[]): Promise<boolean[]> {
    return Promise.all(keys.map((key) => this.has(key)));
  }

  /**
   * What is stored under a namespace and fresh, each key once, in no order. For tools: it looks at every key in Redis. Keys
   * of more than 512 bytes, namespace included, are stored by a digest and left out.
   */
  async *iterator<Value>(namespace?: string): AsyncGenerator<[string, Awaited<Value>], void> {
    const glob = namespace ? `${escapeGlob(namespace)}:*` : '*';
    const seen = new Set<string>();
    let some: string[] = [];
    for await (const key of this.cache.keys(glob)) {
      if (seen.has(key)) continue;
      seen.add(key);
      some.push(key);
      if (some.length < READ_AT_ONCE) continue;
      yield* await this.cache.getMany<Awaited<Value>>(some);
      some = [];
    }
    yield* await this.cache.getMany<Awaited<Value>>(some);
  }

  /** Failures are thrown and never emitted, so there is nothing to hear. */
  on(): this {
    return this;
  }

  #tags(): string[] {
    return this.namespace ? [`keyv:${this.namespace}`] : [];
  }
}

/** Options of `createKeyv`. */
export interface RedisKitKeyvOptions {
  /** Keeps the keys of several Keyvs of one cache apart; default: `'keyv'`. */
  readonly namespace?: string | undefined;
  /** Milliseconds that values live when `set` does not say; default: the `ttl` of the cache. */
  readonly ttl?: number | undefined;
}

/**
 * A Keyv on a cache. Values keep their types (Date, Map, BigInt): the cache stores them as it stores any other value, and
 * Keyv does not turn them into JSON first.
 */
export function createKeyv(cache: CacheService, options: RedisKitKeyvOptions = {}): Keyv {
  const { namespace, ttl = cache.ttlMs } = options;
  return new Keyv({
    store: new RedisKitKeyvStore(cache),
    ttl,
    ...(namespace === undefined ? {} : { namespace }),
    // Keyv understands that there is none; its typings do not.
    ...({ serialize: undefined, deserialize: undefined } as object),
  });
}
