import { ConfigurationError } from '../core/redis-kit.error.js';
import { EntityNotFoundError } from './cache.errors.js';
import type { CacheService } from './cache.service.js';
import type { CacheCallOptions } from './cache-calls.js';
import type { FactoryContext } from './factory-runs.js';
import { assertFreshness, freshnessIn, type CallFreshness } from './freshness.options.js';
import { afterCommit, isInTransaction } from './in-transaction.js';

export type EntityId = string | number | bigint;

export interface EntityCacheOptions<T, Id extends EntityId> extends CallFreshness {
  /** First part of every key (`product` makes `product:42`), and the word for it in errors. */
  readonly name: string;
  /** Reads one entity from the source; null or undefined when there is none. */
  readonly load: (id: Id) => Promise<T | null | undefined>;
  /** Reads several at once; without it `getMany` loads one by one, side by side. */
  readonly loadMany?: ((ids: readonly Id[]) => Promise<ReadonlyMap<Id, T>>) | undefined;
  /** Tags of an entity, by its id. */
  readonly tags?: ((id: Id) => readonly string[]) | undefined;
}

/**
 * Entities by id, read through from a source: `new EntityCache(cache, { name: 'product', load })`.
 *
 * After `put` or `forget` has returned, nothing older is served. What does not exist is not kept: whoever asks for it
 * asks the source, so that ids made up by visitors do not fill the cache. Inside `inTransaction` reads go to the source,
 * and `put` and `forget` delete after the commit.
 */
export class EntityCache<T, Id extends EntityId = string> {
  readonly #freshness: CallFreshness;

  constructor(
    private readonly cache: CacheService,
    private readonly options: EntityCacheOptions<T, Id>,
  ) {
    assertCacheName('EntityCache', options.name);
    assertFreshness(options);
    this.#freshness = freshnessIn(options);
  }

  /** The entity; undefined when there is none. */
  async get(id: Id): Promise<T | undefined> {
    return this.#read(id);
  }

  /** @throws EntityNotFoundError when there is none; over HTTP the answer is 404. */
  async getOrThrow(id: Id): Promise<T> {
    const entity = await this.get(id);
    if (entity === undefined) throw new EntityNotFoundError(this.options.name, id);
    return entity;
  }

  /** Those that exist, by id and in the order asked for; the source is asked for all missing ones at once. */
  async getMany(ids: Iterable<Id>): Promise<Map<Id, T>> {
    const byKey = new Map([...ids].map((id) => [this.#key(id), id]));
    if (isInTransaction()) return this.#load([...byKey.values()]);
    const load = async (keys: readonly string[]): Promise<Map<string, T>> => {
      const loaded = await this.#load(keys.map((key) => byKey.get(key)!));
      return new Map([...loaded].map(([id, entity]) => [this.#key(id), entity]));
    };
    const found = await this.cache.getMany<T>([...byKey.keys()], load, {
      ...this.#freshness,
      tags: (key) => this.options.tags?.(byKey.get(key)!) ?? [],
    });
    return new Map([...found].map(([key, entity]) => [byKey.get(key)!, entity]));
  }

  /**
   * Writes through: runs `save`, which changes the source and returns the entity as it is then, and stores that. Of two
   * at once neither is kept, because only the source knows which came last.
   *
   * @throws CacheInvalidationError after `save` has succeeded, when the old value could not be removed; it is queued.
   */
  async put(id: Id, save: () => Promise<T>): Promise<T> {
    return this.cache.put(this.#key(id), save, this.#callOptions(id));
  }

  /**
   * Makes entities unknown to the cache: call it after a change of the source.
   *
   * @throws CacheInvalidationError when Redis did not take it; it is queued.
   */
  async forget(...ids: Id[]): Promise<void> {
    await afterCommit(() => Promise.all(ids.map((id) => this.cache.delete(this.#key(id)))));
  }

  async #read(id: Id): Promise<T | undefined> {
    const { load } = this.options;
    if (isInTransaction()) return (await load(id)) ?? undefined;
    const factory = async ({ skip }: FactoryContext<T | undefined>): Promise<T | undefined> => {
      const entity = (await load(id)) ?? undefined;
      if (entity === undefined) skip();
      return entity;
    };
    return this.cache.getOrSet(this.#key(id), factory, this.#callOptions(id));
  }

  /** Those of these that exist, in their order. */
  async #load(ids: readonly Id[]): Promise<Map<Id, T>> {
    const { load, loadMany } = this.options;
    const loaded = await loadMany?.(ids);
    const entities = loaded
      ? ids.map((id) => loaded.get(id))
      : await Promise.all(ids.map((id) => load(id)));
    const found = new Map<Id, T>();
    for (const [i, id] of ids.entries()) {
      const entity = entities[i] ?? undefined;
      if (entity !== undefined) found.set(id, entity);
    }
    return found;
  }

  #key(id: Id): string {
    return `${this.options.name}:${String(id)}`;
  }

  #callOptions(id: Id): CacheCallOptions {
    return { ...this.#freshness, tags: this.options.tags?.(id) };
  }
}

/** A name without the colon that ends it in keys: no two caches of different names share one. */
export function assertCacheName(kind: string, name: string): void {
  if (typeof name === 'string' && /^[\w.-]{1,100}$/.test(name)) return;
  throw new ConfigurationError([
    {
      path: `${kind}.name`,
      given: JSON.stringify(name) ?? typeof name,
      expected: '1 to 100 letters, digits and . _ -',
    },
  ]);
}
