import assert from 'node:assert/strict';
import { randomInt } from 'node:crypto';
import type { CacheOptions } from '../../cache/cache.options.js';
import type { CacheService } from '../../cache/cache.service.js';
import { eventually } from '../rig/eventually.js';
import { furtherCacheCases } from './cache-more.contract.js';
import { assertNoStaleRead, CHANGES, heldFactory, TAGS } from './cache-steps.js';
import { ODD_KEYS, someKey } from './cache-store-steps.js';
import { casesOf, type ContractCase, type ContractSubject } from './contract.js';

export interface CacheSubject extends ContractSubject {
  readonly cache: CacheService;
}

export interface CacheContractOptions {
  /**
   * Milliseconds that values live whose end is waited for.
   * @default 25
   */
  readonly shortTtlMs?: number;
  /**
   * The cache hands one copy of binary data to several callers, as memory in front of Redis does.
   * @default false
   */
  readonly sharesBinary?: boolean;
}

const expires = (cache: CacheService, key: string) =>
  eventually(async () => !(await cache.lookup(key)).hit, { within: 5_000 });

/** A value with everything in it that plain JSON loses. */
const RICH_VALUE = {
  at: new Date(1_700_000_000_123),
  prices: new Map([['eur', 1.5]]),
  tags: new Set(['a', 'é']),
  big: 2n ** 70n,
  bytes: Buffer.from([0, 127, 128, 255]),
  missing: undefined,
  nothing: null,
  nested: [{ deep: [new Date(0)] }],
};

/**
 * What any cache must do, wherever it keeps its values. The given function makes a cache with the given options that
 * shares nothing with the ones it made before.
 */
export function cacheContract(
  create: (options: CacheOptions) => Promise<CacheSubject>,
  { shortTtlMs = 25, sharesBinary = false }: CacheContractOptions = {},
): readonly ContractCase[] {
  const withDefaults = () => create({});
  return [
    ...casesOf(withDefaults, {
      'tells a miss from null and undefined, which are values': async ({ cache }) => {
        const key = someKey();
        assert.deepEqual(await cache.lookup(key), { hit: false });
        assert.equal(await cache.get(key), undefined);
        for (const value of [null, undefined, false, 0, '', Number.NaN]) {
          assert.equal(await cache.set(key, value), true);
          assert.deepEqual(await cache.lookup(key), { hit: true, value });
          const unwanted = heldFactory();
          assert.deepEqual(await cache.getOrSet(key, unwanted.factory), value);
          assert.equal(unwanted.runs, 0);
        }
      },

      'gives back values of every kind, from a factory and from a set': async ({ cache }) => {
        const [made, set] = [someKey(), someKey()];
        await cache.getOrSet(made, () => RICH_VALUE);
        await cache.set(set, RICH_VALUE);
        for (const key of [made, set]) assert.deepEqual(await cache.get(key), RICH_VALUE);
      },

      'keeps its values to itself: nobody changes them by changing what they were given': async ({
        cache,
      }) => {
        const key = someKey();
        const given = { list: [1], bytes: Buffer.from([1]) };
        const change = ({ list, bytes }: typeof given): void => {
          if (!sharesBinary) bytes.fill(2);
          // Some caches give out what cannot be changed; others something of the caller's own.
          try {
            list.push(2);
          } catch (error) {
            assert.ok(error instanceof TypeError);
          }
        };
        change(await cache.getOrSet(key, () => given));
        change(given);
        for (let i = 0; i < 3; i++) {
          const found = await cache.get<typeof given>(key);
          assert.deepEqual(found, { list: [1], bytes: Buffer.from([1]) });
          change(found!);
        }
      },

      'knows keys of every kind apart': async ({ cache }) => {
        const long = 'x'.repeat(10_000);
        const keys = [...ODD_KEYS, `${long}y`, `${long}z`, '~', '~~', 'é', 'e\u0301'];
        for (const [i, key] of keys.entries()) await cache.set(key, i);
        const found = await Promise.all(keys.map((key) => cache.get(key)));
        assert.deepEqual(found, [...keys.keys()]);
        assert.equal(await cache.delete(`${long}y`), true);
        assert.equal(await cache.get(`${long}z`), keys.indexOf(`${long}z`));
      },

      'runs one factory for all who ask at the same time, and for those who ask later': async ({
        cache,
      }) => {
        const key = someKey();
        const held = heldFactory<string>();
        const callers = Array.from({ length: 50 }, () => cache.getOrSet(key, held.factory));
        await held.entered;
        held.answer('value');
        assert.deepEqual(new Set(await Promise.all(callers)), new Set(['value']));
        assert.equal(await cache.getOrSet(key, held.factory), 'value');
        assert.equal(held.runs, 1);
      },

      'gives the error of a factory to all who wait for it, and stores nothing': async ({
        cache,
      }) => {
        const key = someKey();
        const held = heldFactory<string>();
        const callers = Array.from({ length: 20 }, () => cache.getOrSet(key, held.factory));
        await held.entered;
        const error = new Error('out of stock');
        held.fail(error);
        for (const caller of callers) {
          await assert.rejects(caller, (reason) => reason === error);
        }
        assert.equal(held.runs, 1);
        assert.deepEqual(await cache.lookup(key), { hit: false });
        assert.equal(await cache.getOrSet(key, () => 'value'), 'value');
      },

      'gives on whatever a factory throws, also before it is asynchronous': async ({ cache }) => {
        const thrower = () => {
          throw new TypeError('no such product');
        };
        await assert.rejects(cache.getOrSet(someKey(), thrower), TypeError);
        const held = heldFactory();
        // Not everything that is thrown is an error.
        held.fail('a text');
        await assert.rejects(
          cache.getOrSet(someKey(), held.factory),
          (reason) => reason === 'a text',
        );
      },

      'lets a factory ask for its own key, and for others': async ({ cache }) => {
        const [key, other] = [someKey(), someKey()];
        const value = await cache.getOrSet(key, async () => {
          const own = await cache.getOrSet(key, () => 1);
          return own + (await cache.getOrSet(other, () => 10));
        });
        assert.equal(value, 11);
        assert.equal(await cache.get(key), 11);
        assert.equal(await cache.get(other), 10);
      },

      'says whether there was something to delete': async ({ cache }) => {
        const key = someKey();
        assert.equal(await cache.delete(key), false);
        await cache.set(key, null);
        assert.equal(await cache.delete(key), true);
        assert.equal(await cache.delete(key), false);
        assert.deepEqual(await cache.lookup(key), { hit: false });
      },

      'overwrites what it is told to': async ({ cache }) => {
        const key = someKey();
        await cache.getOrSet(key, () => 'made');
        assert.equal(await cache.set(key, 'set'), true);
        assert.equal(await cache.getOrSet(key, () => 'made'), 'set');
      },

      'invalidates what carries a tag, and nothing else': async ({ cache }) => {
        const [set, made, other, untagged] = [someKey(), someKey(), someKey(), someKey()];
        await cache.set(set, 1, { tags: ['a', 'b'] });
        await cache.getOrSet(made, () => 2, { tags: ['b', 'c'] });
        await cache.set(other, 3, { tags: ['c'] });
        await cache.set(untagged, 4);
        await cache.invalidateTags('b', 'never used');
        const hits = [set, made, other, untagged].map(async (key) => (await cache.lookup(key)).hit);
        assert.deepEqual(await Promise.all(hits), [false, false, true, true]);
        await cache.set(set, 5, { tags: ['b'] });
        assert.equal(await cache.get(set), 5);
      },

      'does not trust a value that was stored without a tag declared now': async ({ cache }) => {
        const key = someKey();
        await cache.set(key, 'untagged');
        assert.equal(await cache.getOrSet(key, () => 'tagged', TAGS), 'tagged');
        assert.equal(await cache.getOrSet(key, () => 'again', { tags: ['tag'] }), 'tagged');
        assert.equal(await cache.get(key), 'tagged');
      },

      'clears everything, and keeps what comes later': async ({ cache }) => {
        const [tagged, untagged] = [someKey(), someKey()];
        await cache.set(tagged, 1, TAGS);
        await cache.set(untagged, 2);
        await cache.clear();
        assert.deepEqual(await cache.lookup(tagged), { hit: false });
        assert.deepEqual(await cache.lookup(untagged), { hit: false });
        await cache.set(untagged, 3);
        assert.equal(await cache.get(untagged), 3);
      },

      'refuses keys, tags and times that are none': async ({ cache }) => {
        const isKeyError = { code: 'CACHE_KEY_INVALID' };
        for (const key of ['', 7, 7n, Symbol('key'), null, undefined] as string[]) {
          await assert.rejects(cache.get(key), isKeyError);
          await assert.rejects(cache.set(key, 1), isKeyError);
          await assert.rejects(cache.delete(key), isKeyError);
          await assert.rejects(
            cache.getOrSet(key, () => 1),
            isKeyError,
          );
        }
        for (const ttl of [0, -1, Number.NaN, Infinity, 'soon'] as number[]) {
          await assert.rejects(cache.set('key', 1, { ttl }), RangeError);
          await assert.rejects(
            cache.getOrSet('key', () => 1, { ttl }),
            RangeError,
          );
        }
        await assert.rejects(cache.set('key', 1, { tags: [''] }), isKeyError);
        await assert.rejects(cache.invalidateTags('x'.repeat(513)), isKeyError);
        assert.deepEqual(await cache.lookup('key'), { hit: false });
      },
    }),

    ...casesOf(
      withDefaults,
      Object.fromEntries(
        Object.entries(CHANGES).map(([name, change]) => [
          `by ${name} during a factory keeps its late value out, and has later callers run anew`,
          async ({ cache }: CacheSubject) => {
            const key = someKey();
            const old = heldFactory<string>();
            const early = cache.getOrSet(key, old.factory, TAGS);
            await old.entered;
            await change(cache, key);
            assert.equal(await cache.getOrSet(key, () => 'new', TAGS), 'new');
            old.answer('old');
            assert.equal(await early, 'old');
            assert.equal(await cache.getOrSet(key, () => 'newest', TAGS), 'new');
          },
        ]),
      ),
    ),

    ...casesOf(withDefaults, {
      'never answers a read with a value older than an invalidation that had returned': ({
        cache,
      }) => assertNoStaleRead(cache, randomInt(2 ** 31)),
    }),

    ...casesOf(() => create({ ttl: shortTtlMs }), {
      'forgets values when their time is over, the time of the call before that of the cache':
        async ({ cache }) => {
          const [set, made, kept] = [someKey(), someKey(), someKey()];
          await cache.set(kept, 1, { ttl: '1h' });
          await cache.set(set, 1);
          await cache.getOrSet(made, () => 1);
          await expires(cache, set);
          await expires(cache, made);
          assert.equal(await cache.getOrSet(made, () => 2, { ttl: '1h' }), 2);
          assert.equal(await cache.get(kept), 1);
        },
    }),

    ...furtherCacheCases(withDefaults),

    ...casesOf(() => create({ compressAbove: 16 * 1024 * 1024 }), {
      'stores values of 5 MB, and answers larger ones without storing them': async ({ cache }) => {
        const [key, tooLarge] = [someKey(), someKey()];
        const value = Buffer.alloc(5_000_000, 'not all the same');
        assert.equal(await cache.set(key, value), true);
        assert.ok(value.equals((await cache.get<Buffer>(key))!));
        const larger = Buffer.alloc(5 * 1024 * 1024, 'x');
        assert.equal(await cache.set(tooLarge, larger), false);
        assert.equal(await cache.getOrSet(tooLarge, () => larger), larger);
        assert.deepEqual(await cache.lookup(tooLarge), { hit: false });
      },
    }),
  ];
}
