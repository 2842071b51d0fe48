import assert from 'node:assert/strict';
import type { CacheService } from '../../cache/cache.service.js';
import { heldFactory } from './cache-steps.js';
import { someKey } from './cache-store-steps.js';
import { casesOf, type ContractCase, type ContractSubject } from './contract.js';

/** Many keys at once, removal by pattern, and puts. */
export function furtherCacheCases(
  create: () => Promise<ContractSubject & { readonly cache: CacheService }>,
): readonly ContractCase[] {
  return casesOf(create, {
    'loads what is missing of many keys together, and keeps it': async ({ cache }) => {
      const [stored, made, nothing, none] = [someKey(), someKey(), someKey(), someKey()];
      const keys = [made, stored, nothing, none];
      await cache.set(stored, 'stored');
      const asked: (readonly string[])[] = [];
      const load = (missing: readonly string[]) => {
        asked.push(missing);
        return new Map<string, string | null>([
          [made, 'made'],
          [nothing, null],
        ]);
      };
      const expected = new Map<string, string | null>([
        [made, 'made'],
        [stored, 'stored'],
        [nothing, null],
      ]);
      const loaded = await cache.getMany<string | null>([...keys, made], load);
      assert.deepEqual([...loaded], [...expected]);
      assert.deepEqual(asked, [[made, nothing, none]]);
      assert.deepEqual([...(await cache.getMany(keys))], [...expected]);
    },

    'keeps out what many keys loaded before an invalidation, and only that': async ({ cache }) => {
      const [changed, other] = [someKey(), someKey()];
      const held = heldFactory<Record<string, string>>();
      const early = cache.getMany<string>([changed, other], held.factory);
      await held.entered;
      await cache.delete(changed);
      held.answer({ [changed]: 'old', [other]: 'kept' });
      assert.deepEqual([...(await early).values()], ['old', 'kept']);
      assert.deepEqual(await cache.lookup(changed), { hit: false });
      assert.equal(await cache.get(other), 'kept');
    },

    'stores and removes many keys': async ({ cache }) => {
      const keys = [someKey(), someKey(), someKey()] as const;
      const entries = Object.fromEntries(keys.map((key, i) => [key, i]));
      assert.equal(await cache.setMany(entries), 3);
      assert.equal(await cache.deleteMany([keys[0], keys[1], someKey()]), true);
      assert.deepEqual([...(await cache.getMany(keys))], [[keys[2], 2]]);
      assert.equal(await cache.deleteMany([keys[0]]), false);
    },

    'removes exactly the keys that match a pattern': async ({ cache }) => {
      const [one, two, other] = ['pattern:{one}:1', 'pattern:{two}:1', 'patterns:{one}:1'] as const;
      await cache.setMany({ [one]: 1, [two]: 2, [other]: 3 });
      assert.equal(await cache.invalidatePattern('pattern:*:[0-1]'), 2);
      assert.deepEqual([...(await cache.getMany([one, two, other]))], [[other, 3]]);
    },

    'stores what a put made, unless its key was invalidated meanwhile': async ({ cache }) => {
      const key = someKey();
      await cache.set(key, 'old');
      assert.equal(await cache.put(key, async () => 'put'), 'put');
      assert.equal(await cache.get(key), 'put');
      const held = heldFactory<string>();
      const late = cache.put(key, held.factory);
      await held.entered;
      await cache.delete(key);
      held.answer('late');
      assert.equal(await late, 'late');
      assert.deepEqual(await cache.lookup(key), { hit: false });
    },
  });
}
