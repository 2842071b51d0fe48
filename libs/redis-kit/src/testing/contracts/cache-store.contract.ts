import assert from 'node:assert/strict';
import type { CacheStore } from '../../cache/stores/cache-store.js';
import { casesOf, type ContractCase, type ContractSubject } from './contract.js';
import {
  answered,
  assertExpires,
  assertStands,
  budget,
  create,
  DEADLINE_MS,
  HOUR_MS,
  ODD_KEYS,
  read,
  removeExactly,
  replace,
  someBytes,
  someKey,
  write,
} from './cache-store-steps.js';

export interface CacheStoreSubject extends ContractSubject {
  readonly store: CacheStore;
}

export interface CacheStoreContractOptions {
  /**
   * Milliseconds that entries live whose end is waited for: long enough for two steps of a store across a network.
   * @default 25
   */
  readonly shortTtlMs?: number;
  /**
   * The store can make a life longer. One without compare-and-set must not: it would write old bytes over new ones.
   * @default true
   */
  readonly extendsLives?: boolean;
}

/** Everything that takes an entry away, or puts another one in its place. */
const oustersWith = (
  soonMs: number,
): Record<string, (store: CacheStore, key: string, seen: Buffer) => Promise<unknown>> => ({
  removed: (store, key) => store.remove([key], DEADLINE_MS),
  'removed exactly': (store, key, seen) => removeExactly(store, key, seen),
  overwritten: (store, key) => write(store, key, someBytes()),
  'put over': (store, key) => store.put(key, someBytes(), HOUR_MS, DEADLINE_MS),
  'replaced by somebody else': (store, key, seen) => replace(store, key, seen, someBytes()),
  expired: async (store, key, seen) => {
    await write(store, key, seen, soonMs);
    await assertExpires(store, key);
  },
  'removed and written anew': async (store, key) => {
    await store.remove([key], DEADLINE_MS);
    await create(store, key, someBytes());
  },
});

/**
 * What any store of a cache must do, whatever it is built on.
 *
 * The heart of it: bytes are replaced or removed only in the place of exactly the bytes the caller saw, so a caller that
 * is late can never bring back what was taken away.
 */
export function cacheStoreContract(
  subject: () => Promise<CacheStoreSubject>,
  { shortTtlMs: soonMs = 25, extendsLives = true }: CacheStoreContractOptions = {},
): readonly ContractCase[] {
  const ousters = oustersWith(soonMs);
  return casesOf(subject, {
    'reads keys in the order they were asked for, null where nothing is': async ({ store }) => {
      const [first, second, absent] = [someKey(), someKey(), someKey()];
      const [one, two] = [someBytes(), someBytes()];
      await write(store, first, one);
      await write(store, second, two);
      const found = await read(store, second, absent, first, second);
      assert.deepEqual(
        found.map((bytes) => bytes && Buffer.from(bytes)),
        [two, null, one, two],
      );
      assert.deepEqual(await read(store, absent), [null]);
    },

    'keeps every byte, in keys of every kind': async ({ store }) => {
      const unique = someKey();
      const all = Buffer.from(Array.from({ length: 512 }, (_, i) => 255 - (i % 256)));
      const entries = new Map(
        ODD_KEYS.map((key, i) => [unique + key, Buffer.concat([Buffer.of(i), all])]),
      );
      for (const [key, bytes] of entries) await write(store, key, bytes);
      const found = await read(store, ...entries.keys());
      assert.deepEqual(
        found.map((bytes) => bytes && Buffer.from(bytes)),
        [...entries.values()],
      );
      for (const [key, bytes] of entries) {
        assert.equal(await replace(store, key, bytes, all), true);
        assert.equal(await removeExactly(store, key, all), true);
        assert.equal(await create(store, key, bytes), null);
        assert.equal(await store.remove([key], DEADLINE_MS), true);
      }
      assert.deepEqual(
        await read(store, ...entries.keys()),
        ODD_KEYS.map(() => null),
      );
    },

    'keeps bytes of any length': async ({ store }) => {
      const key = someKey();
      for (const bytes of [Buffer.alloc(0), Buffer.of(0), someBytes(5 * 1024 * 1024)]) {
        await write(store, key, bytes);
        await assertStands(store, key, bytes);
      }
    },

    'writes over whatever is there': async ({ store }) => {
      const key = someKey();
      for (const bytes of [someBytes(), someBytes(), someBytes()]) {
        await write(store, key, bytes);
        await assertStands(store, key, bytes);
        await store.put(key, bytes.subarray(1), HOUR_MS, DEADLINE_MS);
        await assertStands(store, key, bytes.subarray(1));
      }
    },

    'creates only where nothing is, and answers what was there first': async ({ store }) => {
      const key = someKey();
      const [first, second] = [someBytes(), someBytes()];
      assert.equal(await create(store, key, first), null);
      assert.deepEqual(Buffer.from((await create(store, key, second))!), first);
      await assertStands(store, key, first);
      for (const oust of [ousters['removed']!, ousters['expired']!]) {
        await oust(store, key, first);
        assert.equal(await create(store, key, second), null);
        await assertStands(store, key, second);
      }
    },

    'lets one of many creators win, and tells the others whose bytes stand': async ({ store }) => {
      const key = someKey();
      const attempts = Array.from({ length: 20 }, () => someBytes());
      const answers = await Promise.all(attempts.map((bytes) => create(store, key, bytes)));
      const winner = attempts[answers.indexOf(null)];
      assert.equal(answers.filter((answer) => answer === null).length, 1);
      for (const answer of answers) if (answer) assert.deepEqual(Buffer.from(answer), winner);
      await assertStands(store, key, winner!);
    },

    'replaces exactly the entry that was seen': async ({ store }) => {
      const key = someKey();
      const [lease, value, other] = [someBytes(), someBytes(1_000), someBytes()];
      assert.equal(await replace(store, key, lease, value), false);
      await assertStands(store, key, null);
      await create(store, key, lease);
      assert.equal(await replace(store, key, other, value), false);
      await assertStands(store, key, lease);
      assert.equal(await replace(store, key, lease, value), true);
      await assertStands(store, key, value);
      assert.equal(await replace(store, key, lease, other), false);
      await assertStands(store, key, value);
    },

    'lets one of many replacers win': async ({ store }) => {
      const key = someKey();
      const seen = someBytes();
      await write(store, key, seen);
      const attempts = Array.from({ length: 20 }, () => someBytes());
      const answers = await Promise.all(attempts.map((bytes) => replace(store, key, seen, bytes)));
      assert.equal(answers.filter(Boolean).length, 1);
      await assertStands(store, key, attempts[answers.indexOf(true)]!);
    },

    'knows bytes of somebody else by as much of them as was seen': async ({ store }) => {
      const key = someKey();
      for (const foreign of [Buffer.of(200), someBytes(30), someBytes(100)]) {
        await write(store, key, foreign);
        const seen = foreign.subarray(0, 64);
        const wrong = Buffer.from(seen);
        wrong[wrong.length - 1]! ^= 0xff;
        const bytes = someBytes();
        assert.equal(await answered(store.replace(key, wrong, bytes, HOUR_MS, budget())), false);
        assert.equal(await answered(store.removeExactly(key, wrong, budget())), false);
        assert.equal(await answered(store.replace(key, seen, bytes, HOUR_MS, budget())), true);
        await assertStands(store, key, bytes);
      }
    },

    ...Object.fromEntries(
      Object.entries(ousters).map(([how, oust]) => [
        `neither replaces nor removes what was ${how} in the meantime`,
        async ({ store }: CacheStoreSubject) => {
          const key = someKey();
          const lease = someBytes();
          await create(store, key, lease);
          await oust(store, key, lease);
          const [standing = null] = await read(store, key);
          assert.equal(await replace(store, key, lease, someBytes()), false);
          assert.equal(await removeExactly(store, key, lease), false);
          await assertStands(store, key, standing && Buffer.from(standing));
        },
      ]),
    ),

    'removes exactly the entry that was seen': async ({ store }) => {
      const key = someKey();
      const lease = someBytes();
      await create(store, key, lease);
      assert.equal(await removeExactly(store, key, someBytes()), false);
      await assertStands(store, key, lease);
      assert.equal(await removeExactly(store, key, lease), true);
      await assertStands(store, key, null);
      assert.equal(await removeExactly(store, key, lease), false);
    },

    'removes whatever is there, and says whether there was something': async ({ store }) => {
      const key = someKey();
      assert.equal(await store.remove([key], DEADLINE_MS), false);
      await write(store, key, someBytes());
      assert.equal(await store.remove([key], DEADLINE_MS), true);
      assert.equal(await store.remove([key], DEADLINE_MS), false);
      const later = someKey();
      await write(store, key, someBytes(), soonMs);
      await write(store, later, someBytes(), soonMs);
      await assertExpires(store, later);
      assert.equal(await store.remove([key], DEADLINE_MS), false);
    },

    'removes several keys of one hash tag, and says whether there was something under one': async ({
      store,
    }) => {
      const key = someKey();
      const keys = [key, `${key}:2`, `${key}:3`];
      await write(store, keys[0]!, someBytes());
      await write(store, keys[2]!, someBytes());
      assert.equal(await store.remove(keys, DEADLINE_MS), true);
      for (const one of keys) await assertStands(store, one, null);
      assert.equal(await store.remove(keys, DEADLINE_MS), false);
    },

    'forgets everything it was given when its time is over': async ({ store }) => {
      const [written, created, replaced, put] = [someKey(), someKey(), someKey(), someKey()];
      const seen = someBytes();
      await write(store, written, someBytes(), soonMs);
      await create(store, created, someBytes(), soonMs);
      await write(store, replaced, seen);
      await replace(store, replaced, seen, someBytes(), soonMs);
      await store.put(put, someBytes(), soonMs, DEADLINE_MS);
      for (const key of [written, created, replaced, put]) await assertExpires(store, key);
    },

    'counts the time from the last write': async ({ store }) => {
      const [short, long, probe] = [someKey(), someKey(), someKey()];
      const [lease, value] = [someBytes(), someBytes()];
      await create(store, long, lease, soonMs);
      await write(store, short, lease);
      await replace(store, long, lease, value, HOUR_MS);
      await write(store, short, value, soonMs);
      await write(store, probe, value, soonMs);
      await assertExpires(store, probe);
      await assertExpires(store, short);
      await assertStands(store, long, value);
    },

    'extends a life, if it can, and never shortens it': async ({ store }) => {
      const [extended, kept, absent, probe] = [someKey(), someKey(), someKey(), someKey()];
      const bytes = someBytes();
      await write(store, extended, bytes, soonMs);
      await write(store, kept, bytes, HOUR_MS);
      await answered(store.extend(extended, HOUR_MS, budget()));
      await answered(store.extend(kept, 1, budget()));
      await answered(store.extend(absent, HOUR_MS, budget()));
      await write(store, probe, bytes, soonMs);
      await assertExpires(store, probe);
      if (extendsLives) await assertStands(store, extended, bytes);
      await assertStands(store, kept, bytes);
      await assertStands(store, absent, null);
    },
  });
}
