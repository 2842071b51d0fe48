import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { RedisKitEvents, type RedisKitEventMap } from '../core/events.js';
import { KeySpace } from '../core/key-space.js';
import { CacheInvalidationError } from './cache.errors.js';
import { resolveCacheOptions } from './cache.options.js';
import { CacheService } from './cache.service.js';
import { Invalidations } from './invalidations.js';
import { MemoryCacheStore } from './stores/memory-cache.store.js';
import { Tokens } from './tokens.js';

const RETRY_MS = 500;
const AWAY = new Error('Connection is closed.');

/** A store that reads and writes, but takes no invalidation while it is told to refuse. */
class RefusingStore extends MemoryCacheStore {
  refuses = true;
  readonly asked: string[] = [];

  override async remove(keys: readonly string[]): Promise<boolean> {
    this.#ask(keys[0]!);
    return super.remove(keys);
  }

  override async put(...args: Parameters<MemoryCacheStore['put']>): Promise<void> {
    this.#ask(args[0]);
    return super.put(...args);
  }

  #ask(key: string): void {
    this.asked.push(/\{[^:]*:?(.*)\}/.exec(key)![1]!);
    if (this.refuses) throw AWAY;
  }
}

function setUp() {
  const store = new RefusingStore(10_000);
  const events = new RedisKitEvents();
  const replayed: RedisKitEventMap['cache.invalidations-replayed'][] = [];
  events.on('cache.invalidations-replayed', (event) => replayed.push(event));
  const cache = new CacheService({
    name: 'catalog',
    options: resolveCacheOptions({}),
    store,
    keySpace: new KeySpace('testing'),
    events,
  });
  return { store, cache, replayed };
}

const retry = () => jest.advanceTimersByTimeAsync(RETRY_MS);

beforeEach(() => {
  jest.useFakeTimers();
});

afterEach(() => {
  jest.useRealTimers();
});

describe('an invalidation that was not taken', () => {
  it.each([
    ['a key', (cache: CacheService) => cache.delete('key'), "key 'key'"],
    ['tags', (cache: CacheService) => cache.invalidateTags('a', 'b'), "the tags 'a', 'b'"],
    ['everything', (cache: CacheService) => cache.clear(), 'everything'],
  ])('is loud, and says what it was about: %s', async (_, invalidate, subject) => {
    const { cache } = setUp();
    const outcome = invalidate(cache);
    await expect(outcome).rejects.toBeInstanceOf(CacheInvalidationError);
    await expect(outcome).rejects.toMatchObject({
      code: 'CACHE_INVALIDATION_FAILED',
      cache: 'catalog',
      subject,
      cause: AWAY,
    });
    await expect(outcome).rejects.toThrow(`The invalidation of ${subject} of cache 'catalog'`);
    expect(cache.pendingInvalidations).toBeGreaterThan(0);
    await cache.close();
  });

  it('concerns this process at once: it serves nothing of it, and goes on serving the rest', async () => {
    const { cache } = setUp();
    await cache.set('key', 1);
    await cache.set('tagged', 2, { tags: ['mugs'] });
    await cache.set('other', 3, { tags: ['hats'] });
    await cache.delete('key').catch(() => undefined);
    await cache.invalidateTags('mugs').catch(() => undefined);
    expect(await cache.lookup('key')).toEqual({ hit: false });
    expect(await cache.lookup('tagged')).toEqual({ hit: false });
    expect(await cache.get('other')).toBe(3);
    expect(await cache.getOrSet('tagged', () => 'new', { tags: ['mugs'] })).toBe('new');
    await cache.clear().catch(() => undefined);
    expect(await cache.lookup('other')).toEqual({ hit: false });
    await cache.close();
  });

  it('is tried again, in order, until it is taken, and then told', async () => {
    const { store, cache, replayed } = setUp();
    await cache.set('key', 1);
    await cache.delete('key').catch(() => undefined);
    await cache.invalidateTags('mugs').catch(() => undefined);
    expect(store.asked).toEqual(['key', 'mugs']);
    await retry();
    // Nothing overtakes the first one.
    expect(store.asked).toEqual(['key', 'mugs', 'key']);
    expect([cache.pendingInvalidations, replayed]).toEqual([2, []]);
    store.refuses = false;
    await retry();
    expect(store.asked).toEqual(['key', 'mugs', 'key', 'key', 'mugs']);
    expect(cache.pendingInvalidations).toBe(0);
    expect(replayed).toEqual([{ cache: 'catalog', count: 2, pending: 0 }]);
    await retry();
    expect([store.asked.length, jest.getTimerCount()]).toEqual([5, 0]);
    await cache.set('key', 2, { tags: ['mugs'] });
    expect(await cache.get('key')).toBe(2);
  });

  it('is one of too many to remember: then everything is invalidated instead', async () => {
    const { store, cache, replayed } = setUp();
    await cache.set('bystander', 1);
    for (let i = 0; i <= 1_000; i++) await cache.delete(`key ${i}`).catch(() => undefined);
    expect(cache.pendingInvalidations).toBe(1);
    expect(await cache.lookup('bystander')).toEqual({ hit: false });
    store.refuses = false;
    await retry();
    expect(replayed).toEqual([{ cache: 'catalog', count: 1, pending: 0 }]);
    expect(await cache.lookup('bystander')).toEqual({ hit: false });
  });

  it('is given up when the application closes, and leaves no timer', async () => {
    const { store, cache } = setUp();
    await cache.delete('key').catch(() => undefined);
    await cache.close();
    expect(jest.getTimerCount()).toBe(0);
    await cache.delete('other').catch(() => undefined);
    await retry();
    expect(store.asked).toEqual(['key', 'other']);
    expect(jest.getTimerCount()).toBe(0);
  });
});

describe('an invalidation that was taken', () => {
  const MINUTE_MS = 60_000;

  function applying() {
    const store = new RefusingStore(100_000);
    store.refuses = false;
    const tokens: Tokens = new Tokens({
      cache: 'catalog',
      keySpace: new KeySpace('testing'),
      store,
      local: undefined,
      moment: () => invalidations.moment(),
    });
    const redis = { isSilent: false };
    const invalidations: Invalidations = new Invalidations({
      tokens,
      removeKey: (key) => store.remove([key]),
      expireKey: (key) => store.remove([key]),
      isSilent: () => redis.isSilent,
      ttlMs: MINUTE_MS,
      deadlineMs: 1_000,
      onReplay: () => undefined,
      onReplayed: () => undefined,
    });
    /** Redis falls silent for a while, in which it may lose things. */
    const silence = async (lastsMs: number) => {
      fallSilent();
      await jest.advanceTimersByTimeAsync(lastsMs);
      return heardAgain();
    };
    const fallSilent = () => {
      redis.isSilent = true;
      invalidations.suspend(performance.now());
    };
    /** What is applied again when Redis is heard. */
    const heardAgain = async () => {
      store.asked.length = 0;
      redis.isSilent = false;
      await invalidations.applyRecentAgain();
      return [...store.asked];
    };
    /** Whether what a read finds that is sent now is believed. */
    const concerns = (...[key, tags]: [string, string[]]) =>
      invalidations.concerns(key, tags, invalidations.moment());
    return { store, invalidations, concerns, silence, fallSilent, heardAgain };
  }

  const tag = (name: string) => ({ type: 'tag', tag: name }) as const;
  const key = (name: string) => ({ type: 'key', key: `{catalog:${name}}` }) as const;
  const pass = (ms: number) => jest.advanceTimersByTimeAsync(ms);

  it('is applied again after a silence, however long that was, when it was shortly before it or in it', async () => {
    const { invalidations, fallSilent, heardAgain } = applying();
    await invalidations.apply(tag('long before'));
    await pass(20_000);
    await invalidations.apply(tag('before'));
    await invalidations.apply(key('deleted'));
    await invalidations.apply(tag('before'));
    await pass(20_000);
    fallSilent();
    await pass(2 * MINUTE_MS);
    await invalidations.apply(tag('in it'));
    expect(await heardAgain()).toEqual(['deleted', 'before', 'in it']);
  });

  it('counts anew from when it was applied again, and from when the queue was replayed', async () => {
    const { store, invalidations, silence } = applying();
    store.refuses = true;
    await invalidations.apply(tag('queued')).catch(() => undefined);
    store.refuses = false;
    await pass(RETRY_MS);
    expect(invalidations.pending).toBe(0);
    await pass(25_000);
    expect(await silence(1_000)).toEqual(['queued']);
    await pass(25_000);
    expect(await silence(1_000)).toEqual(['queued']);
    await pass(35_000);
    expect(await silence(1_000)).toEqual([]);
  });

  it('is in doubt while Redis is silent, with everything it concerns and nothing else', async () => {
    const { store, invalidations, concerns, fallSilent, heardAgain } = applying();
    await invalidations.apply(tag('mugs'));
    await invalidations.apply(key('deleted'));
    await invalidations.apply({ type: 'freshness', key: '{catalog:expired}' });
    const doubted = () =>
      [
        concerns('{catalog:any}', ['mugs']),
        concerns('{catalog:deleted}', []),
        concerns('{catalog:expired}', []),
        concerns('{catalog:any}', ['hats']),
      ].map(Number);
    expect(doubted()).toEqual([0, 0, 0, 0]);
    fallSilent();
    await pass(MINUTE_MS);
    expect(doubted()).toEqual([1, 1, 1, 0]);
    // What Redis does not take again stays in doubt until it does.
    store.refuses = true;
    await heardAgain();
    expect(doubted()).toEqual([1, 1, 1, 0]);
    store.refuses = false;
    await pass(RETRY_MS);
    expect(doubted()).toEqual([0, 0, 0, 0]);
    await invalidations.apply({ type: 'all' });
    fallSilent();
    expect(doubted()).toEqual([1, 1, 1, 1]);
  });

  it('concerns a read that was sent before it was applied again, and answered after', async () => {
    const { invalidations, fallSilent, heardAgain } = applying();
    await invalidations.apply(tag('mugs'));
    fallSilent();
    const sentAt = invalidations.moment();
    await heardAgain();
    const concerns = (name: string, since: number) =>
      invalidations.concerns('{catalog:any}', [name], since);
    expect([concerns('mugs', sentAt), concerns('hats', sentAt)]).toEqual([true, false]);
    expect(concerns('mugs', invalidations.moment())).toBe(false);
    // One that is applied at once makes no doubt, and takes none away.
    await invalidations.apply(tag('mugs'));
    expect([concerns('mugs', sentAt), concerns('hats', sentAt)]).toEqual([true, false]);
    // Whatever is forgotten may concern anything.
    for (let i = 0; i < 5_000; i++) await invalidations.apply(tag(`t${i}`));
    expect(concerns('hats', sentAt)).toBe(true);
    expect(concerns('hats', invalidations.moment())).toBe(false);
  });

  it('stays in doubt when Redis falls silent again before all is applied', async () => {
    const { store, invalidations, concerns, fallSilent, heardAgain } = applying();
    await invalidations.apply(tag('mugs'));
    fallSilent();
    const applied = heardAgain();
    fallSilent();
    await applied;
    await pass(MINUTE_MS);
    expect(concerns('{catalog:any}', ['mugs'])).toBe(true);
    expect(store.asked).toEqual(['mugs']);
    expect(await heardAgain()).toEqual(['mugs']);
    expect(concerns('{catalog:any}', ['mugs'])).toBe(false);
  });

  it('is believed again some time after a silence that does not end', async () => {
    const { invalidations, concerns, fallSilent } = applying();
    await invalidations.apply(tag('before'));
    fallSilent();
    await pass(1);
    await invalidations.apply(tag('in it'));
    await pass(MINUTE_MS);
    const isDoubted = (name: string) => concerns('{catalog:any}', [name]);
    expect(['before', 'in it'].map(isDoubted)).toEqual([true, false]);
    await pass(5 * MINUTE_MS);
    expect(isDoubted('before')).toBe(false);
  });

  it('is remembered with the last five thousand', async () => {
    const { invalidations, silence } = applying();
    for (let i = 0; i < 5_001; i++) await invalidations.apply(tag(`t${i}`));
    const again = await silence(1_000);
    expect([again.length, again[0], again.at(-1)]).toEqual([5_000, 't1', 't5000']);
  });
});
