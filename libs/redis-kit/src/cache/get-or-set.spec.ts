import { describe, expect, it } from '@jest/globals';
import { deferred } from '../core/deferred.js';
import { RedisKitEvents } from '../core/events.js';
import { UNAVAILABLE } from '../core/failsafe/failsafe.js';
import { KeySpace } from '../core/key-space.js';
import { eventually } from '../testing/rig/eventually.js';
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
