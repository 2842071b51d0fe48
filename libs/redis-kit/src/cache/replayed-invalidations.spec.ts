import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { deferred } from '../core/deferred.js';
import { RedisKitEvents } from '../core/events.js';
import { KeySpace } from '../core/key-space.js';
import { resolveCacheOptions } from './cache.options.js';
import { CacheService } from './cache.service.js';
import { MemoryCacheStore } from './stores/memory-cache.store.js';

const RETRY_MS = 500;
const TAGGED = { tags: ['mugs'] };

/** A store that takes no invalidation while it is told to refuse, and of which one reply can be held up. */
class RefusingStore extends MemoryCacheStore {
  refuses = true;
  #readsUntilHeld = Infinity;
  #hold: () => Promise<void> = async () => undefined;

  /** Holds the reply of the so many-th read from now. */
  holdRead(nth: number): { readonly reached: Promise<void>; readonly open: () => void } {
    const [reached, opened] = [deferred<void>(), deferred<void>()];
    this.#readsUntilHeld = nth;
    this.#hold = () => {
      reached.resolve();
      return opened.promise;
    };
    return { reached: reached.promise, open: () => opened.resolve() };
  }

  override async read(...args: Parameters<MemoryCacheStore['read']>) {
    const reply = await super.read(...args);
    this.#readsUntilHeld -= 1;
    if (this.#readsUntilHeld === 0) await this.#hold();
    return reply;
  }

  override async remove(...args: Parameters<MemoryCacheStore['remove']>) {
    this.#refuse();
    return super.remove(...args);
  }

  override async expire(...args: Parameters<MemoryCacheStore['expire']>) {
    this.#refuse();
    return super.expire(...args);
  }

  override async put(...args: Parameters<MemoryCacheStore['put']>) {
    this.#refuse();
    return super.put(...args);
  }

  #refuse(): void {
    if (this.refuses) throw new Error('Connection is closed.');
  }
}

function setUp() {
  const store = new RefusingStore(10_000);
  const cache = new CacheService({
    name: 'catalog',
    options: resolveCacheOptions({}),
    store,
    keySpace: new KeySpace('testing'),
    events: new RedisKitEvents(),
  });
  return { store, cache };
}

const retry = () => jest.advanceTimersByTimeAsync(RETRY_MS);

beforeEach(() => {
  jest.useFakeTimers();
});

afterEach(() => {
  jest.useRealTimers();
});

describe('an invalidation that was queued', () => {
  it.each([
    ['key', undefined],
    ['other', 'current'],
  ])(
    'concerns a read that was sent before it was replayed, and answered after: %s is %s',
    async (name, expected) => {
      const { store, cache } = setUp();
      await cache.set('key', 'old', TAGGED);
      await cache.set('other', 'current', TAGGED);
      await cache.delete('key').catch(() => undefined);
      // The entry is read, and then the token of the tag it carries.
      const reply = store.holdRead(2);
      const reading = cache.get(name);
      await reply.reached;
      store.refuses = false;
      await retry();
      expect(cache.pendingInvalidations).toBe(0);
      reply.open();
      expect(await reading).toBe(expected);
      await cache.close();
    },
  );

  it('cuts off, when it is taken, the calls that began before: they may have read it elsewhere', async () => {
    const { store, cache } = setUp();
    const invalidate: (() => Promise<unknown>)[] = [
      () => cache.delete('key'),
      () => cache.expire('key'),
      () => cache.invalidateTags('mugs'),
      () => cache.clear(),
    ];
    for (const apply of invalidate) {
      store.refuses = true;
      await apply().catch(() => undefined);
      const [entered, answer] = [deferred<void>(), deferred<string>()];
      const early = cache.getOrSet('key', () => (entered.resolve(), answer.promise), TAGGED);
      await entered.promise;
      store.refuses = false;
      await retry();
      expect(cache.pendingInvalidations).toBe(0);
      expect(await cache.getOrSet('key', () => 'new', TAGGED)).toBe('new');
      answer.resolve('old');
      expect(await early).toBe('old');
      await cache.delete('key');
    }
    await cache.close();
  });
});
