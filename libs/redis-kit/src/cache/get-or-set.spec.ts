import { describe, expect, it } from '@jest/globals';
import { deferred } from '../core/deferred.js';
import { RedisKitEvents } from '../core/events.js';
import { UNAVAILABLE } from '../core/failsafe/failsafe.js';
import { KeySpace } from '../core/key-space.js';
import { eventually } from '../testing/rig/eventually.js';
import { FactoryTimeoutError } from './cache.errors.js';
import { cacheEntriesPrefix, cacheEntryKey } from './cache.keys.js';
import { resolveCacheOptions, type CacheOptions } from './cache.options.js';
import { CacheService } from './cache.service.js';
import { MemoryCacheStore } from './stores/memory-cache.store.js';

const KEY_SPACE = new KeySpace('testing');
const KEY = 'key';
const STORED_KEY = cacheEntryKey(cacheEntriesPrefix(KEY_SPACE, 'catalog'), KEY);
const HOUR_MS = 3_600_000;

/** A cache of one process; those on one store are as many processes on one Redis. */
function processOn(store: MemoryCacheStore, options: CacheOptions = {}): CacheService {
  return new CacheService({
    name: 'catalog',
    options: resolveCacheOptions(options),
    store,
    keySpace: KEY_SPACE,
    events: new RedisKitEvents(),
  });
}

/** A factory that says when it runs, and answers when it is told to. */
function held<T>() {
  const entered = deferred<void>();
  const answer = deferred<T>();
  return {
    entered: entered.promise,
    answer,
    factory: () => {
      entered.resolve();
      return answer.promise;
    },
  };
}

describe('two processes that miss the same key', () => {
  it('run one factory: the other waits for its value', async () => {
    const store = new MemoryCacheStore(100);
    const [leader, follower] = [processOn(store), processOn(store)];
    const { entered, answer, factory } = held<string>();
    const leading = leader.getOrSet(KEY, factory);
    await entered;
    let runs = 0;
    const following = follower.getOrSet(KEY, () => `own ${(runs += 1)}`);
    answer.resolve('shared');
    expect([await leading, await following, runs]).toEqual(['shared', 'shared', 0]);
  });

  it('take turns when the first one fails', async () => {
    const store = new MemoryCacheStore(100);
    const [leader, follower] = [processOn(store), processOn(store)];
    const { entered, answer, factory } = held<string>();
    const leading = leader.getOrSet(KEY, factory);
    await entered;
    const following = follower.getOrSet(KEY, () => 'own');
    answer.reject(new Error('no'));
    await expect(leading).rejects.toThrow('no');
    expect(await following).toBe('own');
    expect(await leader.get(KEY)).toBe('own');
  });

  it('wait for each other no longer than they are told to, and then store nothing', async () => {
    const store = new MemoryCacheStore(100);
    const [leader, follower] = [processOn(store), processOn(store, { leaderWait: 10 })];
    const { entered, answer, factory } = held<string>();
    const leading = leader.getOrSet(KEY, factory);
    await entered;
    expect(await follower.getOrSet(KEY, () => 'own')).toBe('own');
    expect(await follower.lookup(KEY)).toEqual({ hit: false });
    answer.resolve('led');
    expect(await leading).toBe('led');
    expect(await follower.get(KEY)).toBe('led');
  });

  it('are not held up by one that died: its lease expires', async () => {
    const store = new MemoryCacheStore(100);
    const [dead, other] = [processOn(store, { lease: 15 }), processOn(store)];
    const { entered, answer, factory } = held<string>();
    const late = dead.getOrSet(KEY, factory);
    await entered;
    expect(await other.getOrSet(KEY, () => 'other')).toBe('other');
    answer.resolve('dead');
    expect(await late).toBe('dead');
    expect(await other.get(KEY)).toBe('other');
  });

  it('see what the other one changes', async () => {
    const store = new MemoryCacheStore(100);
    const [one, other] = [processOn(store), processOn(store)];
    await one.set(KEY, 1, { tags: ['tag'] });
    expect(await other.get(KEY)).toBe(1);
    await other.invalidateTags('tag');
    expect(await one.get(KEY)).toBeUndefined();
    await one.set(KEY, 2);
    await other.clear();
    expect(await one.get(KEY)).toBeUndefined();
  });
});

describe('callers of one process that ask for different things', () => {
  const SWR = { ttl: '1h', staleWhileRevalidate: '1h' } as const;

  async function withStaleValue(cache: CacheService): Promise<void> {
    await cache.getOrSet(KEY, () => 'old', SWR);
    await cache.expire(KEY);
  }

  it('get no staler a value than they allow', async () => {
    const cache = processOn(new MemoryCacheStore(100));
    await withStaleValue(cache);
    const answers = [cache.getOrSet(KEY, () => 'new', SWR), cache.getOrSet(KEY, () => 'new')];
    expect(await Promise.all(answers)).toEqual(['old', 'new']);
    await cache.close();
  });

  it('get no staler values than they allow of many keys', async () => {
    const cache = processOn(new MemoryCacheStore(100));
    await withStaleValue(cache);
    const answers = [cache.getMany([KEY], () => ['new'], SWR), cache.getMany([KEY], () => ['new'])];
    expect((await Promise.all(answers)).map((found) => found.get(KEY))).toEqual(['old', 'new']);
    await cache.close();
  });

  it('are not failed by the timeout of another', async () => {
    const cache = processOn(new MemoryCacheStore(100));
    const { entered, answer, factory } = held<string>();
    const patient = cache.getOrSet(KEY, factory);
    const hasty = cache.getOrSet(KEY, factory, { factoryTimeout: { hard: 20 } });
    await entered;
    // It waits for the lease of the first, whose factory may take as long as it likes.
    answer.resolve('value');
    expect(await Promise.all([patient, hasty])).toEqual(['value', 'value']);
    const slow = held<string>();
    const failing = cache.getOrSet('other', slow.factory, { factoryTimeout: { hard: 20 } });
    await slow.entered;
    const waiting = cache.getOrSet('other', () => 'own');
    await expect(failing).rejects.toThrow(FactoryTimeoutError);
    slow.answer.resolve('slow');
    expect(await waiting).toBe('slow');
  });

  it('share one factory all the same', async () => {
    const cache = processOn(new MemoryCacheStore(100));
    const { entered, answer, factory } = held<string>();
    let runs = 0;
    const counted = () => ((runs += 1), factory());
    const calls = Array.from({ length: 60 }, (_, i) =>
      cache.getOrSet(KEY, counted, i % 2 === 0 ? { ttl: '1h' } : SWR),
    );
    await entered;
    answer.resolve('value');
    expect(new Set(await Promise.all(calls))).toEqual(new Set(['value']));
    expect(runs).toBe(1);
  });
});

describe("two factories of one process that ask for each other's key", () => {
  const ask: Record<string, (cache: CacheService, key: string) => Promise<unknown>> = {
    getOrSet: (cache, key) => cache.getOrSet(key, () => `own ${key}`),
    getMany: async (cache, key) => (await cache.getMany([key], () => [`own ${key}`])).get(key),
  };

  it.each(Object.keys(ask))(
    'wait so long and then make it themselves, unstored: by %s',
    async (verb) => {
      const cache = processOn(new MemoryCacheStore(100), { leaderWait: 20 });
      const entered = { a: deferred<void>(), b: deferred<void>() };
      const factory = (own: 'a' | 'b', other: 'a' | 'b') => async () => {
        entered[own].resolve();
        await entered[other].promise;
        return `${own} with ${String(await ask[verb]!(cache, other))}`;
      };
      const answers = [
        cache.getOrSet('a', factory('a', 'b')),
        cache.getOrSet('b', factory('b', 'a')),
      ];
      for (const one of await Promise.all(answers)) expect(one).toContain(' with ');
      // Only the factories that lead have stored anything.
      expect(await cache.get('a')).toMatch(/^a with /);
      expect(await cache.get('b')).toMatch(/^b with /);
    },
  );
});

describe('bytes that are no entry', () => {
  it.each([
    ['text of another program', Buffer.from('just text')],
    ['a long text', Buffer.alloc(1_000, 'just text')],
    ['a single byte', Buffer.of(0x56)],
  ])('are a miss, and are replaced: %s', async (_, bytes) => {
    const store = new MemoryCacheStore(100);
    await store.write(STORED_KEY, bytes, HOUR_MS);
    const cache = processOn(store);
    expect(await cache.lookup(KEY)).toEqual({ hit: false });
    expect(await cache.getOrSet(KEY, () => 'value')).toBe('value');
    expect(await cache.get(KEY)).toBe('value');
  });

  it('may be an entry whose payload cannot be read: a miss, told and replaced', async () => {
    const store = new MemoryCacheStore(100);
    await processOn(store).set(KEY, 'x'.repeat(5_000));
    const smaller = processOn(store, { maxValueBytes: 100 });
    expect(await smaller.lookup(KEY)).toEqual({ hit: false });
    expect(await smaller.getOrSet(KEY, () => 'small')).toBe('small');
    expect(await smaller.get(KEY)).toBe('small');
  });
});

type Step = 'read' | 'write' | 'create' | 'replace' | 'removeExactly' | 'extend';

/** A store that does not answer some of its steps, as one behind a broken network. */
class PartlyUnavailable extends MemoryCacheStore {
  readonly silent = new Set<Step>();

  override read(...args: Parameters<MemoryCacheStore['read']>) {
    return this.#answer('read', () => super.read(...args));
  }
  override write(...args: Parameters<MemoryCacheStore['write']>) {
    return this.#answer('write', () => super.write(...args));
  }
  override create(...args: Parameters<MemoryCacheStore['create']>) {
    return this.#answer('create', () => super.create(...args));
  }
  override replace(...args: Parameters<MemoryCacheStore['replace']>) {
    return this.#answer('replace', () => super.replace(...args));
  }
  override removeExactly(...args: Parameters<MemoryCacheStore['removeExactly']>) {
    return this.#answer('removeExactly', () => super.removeExactly(...args));
  }
  override extend(...args: Parameters<MemoryCacheStore['extend']>) {
    return this.#answer('extend', () => super.extend(...args));
  }

  async #answer<T>(step: Step, work: () => Promise<T>): Promise<T | typeof UNAVAILABLE> {
    return this.silent.has(step) ? UNAVAILABLE : work();
  }
}

describe('a store that does not answer', () => {
  it.each<Step>(['read', 'create', 'replace', 'removeExactly', 'extend'])(
    'at %s leaves the caller with the answer of one run of the factory',
    async (step) => {
      const store = new PartlyUnavailable(100);
      store.silent.add(step);
      const cache = processOn(store);
      let runs = 0;
      expect(await cache.getOrSet(KEY, () => `run ${(runs += 1)}`)).toBe('run 1');
      expect(runs).toBe(1);
      const failure = new Error('out of stock');
      await expect(cache.getOrSet('other', () => Promise.reject(failure))).rejects.toBe(failure);
    },
  );

  it.each<Step>(['read', 'write', 'create'])(
    'at %s has a set answer that it was not stored',
    async (step) => {
      const store = new PartlyUnavailable(100);
      store.silent.add(step);
      const cache = processOn(store);
      expect(await cache.set(KEY, 1)).toBe(false);
      store.silent.clear();
      expect(await cache.lookup(KEY)).toEqual({ hit: false });
    },
  );

  it('for a while is used again afterwards', async () => {
    const store = new PartlyUnavailable(100);
    const cache = processOn(store, { lease: 15 });
    store.silent.add('replace');
    expect(await cache.getOrSet(KEY, () => 'first')).toBe('first');
    store.silent.clear();
    // The lease of the value that could not be stored still stands; when it is over the next one is.
    await eventually(async () => {
      await cache.getOrSet(KEY, () => 'next');
      expect(await cache.get(KEY)).toBe('next');
    });
  });
});

describe('a stale value that stood there before Redis was away', () => {
  class Away extends PartlyUnavailable {
    isAway = false;

    override async remove(keys: readonly string[]): Promise<boolean> {
      if (this.isAway) throw new Error('away');
      return super.remove(keys);
    }
  }

  it.each<['may' | 'may not', string, (cache: CacheService, store: Away) => Promise<void>]>([
    ['may', 'nothing was invalidated', async () => undefined],
    [
      'may not',
      'its invalidation waits for Redis',
      async (cache) => {
        await expect(cache.delete(KEY)).rejects.toThrow('queued');
      },
    ],
    [
      'may not',
      'its invalidation has waited for Redis',
      async (cache, store) => {
        await expect(cache.delete(KEY)).rejects.toThrow('queued');
        store.isAway = false;
        await eventually(() => cache.pendingInvalidations === 0);
      },
    ],
  ])('%s stand in for a factory that fails when %s', async (may, _, meanwhile) => {
    const store = new Away(100);
    const cache = processOn(store);
    const options = { ttl: '1h', staleIfError: '1h' } as const;
    await cache.getOrSet(KEY, () => 'old', options);
    await cache.expire(KEY);
    const { entered, answer, factory } = held<string>();
    const reading = cache.getOrSet(KEY, factory, options);
    await entered;
    store.silent.add('read');
    store.isAway = true;
    await meanwhile(cache, store);
    answer.reject(new Error('no data'));
    if (may === 'may') expect(await reading).toBe('old');
    else await expect(reading).rejects.toThrow('no data');
    await cache.close();
  });
});
