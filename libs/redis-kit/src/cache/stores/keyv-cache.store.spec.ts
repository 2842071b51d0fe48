import { afterEach, describe, expect, it } from '@jest/globals';
import { EventEmitter } from 'node:events';
import { Keyv } from 'keyv';
import { RedisKitEvents } from '../../core/events.js';
import { Budget, UNAVAILABLE } from '../../core/failsafe/failsafe.js';
import { cacheStoreContract } from '../../testing/contracts/cache-store.contract.js';
import { eventually } from '../../testing/rig/eventually.js';
import { KeyvCacheStore } from './keyv-cache.store.js';
import { isKeyv } from './keyv-like.js';

const HOUR_MS = 3_600_000;
const PATIENT_MS = 20_000;
const patient = () => new Budget(PATIENT_MS);

/** An adapter as some are: what fails is emitted and looks like nothing, or like a success. */
class SilentAdapter extends EventEmitter {
  readonly opts = {};
  readonly map = new Map<string, unknown>();
  isAway = false;
  namespace: string | undefined;

  async get(key: string): Promise<unknown> {
    return this.isAway ? this.#fail() : this.map.get(key);
  }

  async set(key: string, value: unknown): Promise<void> {
    if (this.isAway) this.#fail();
    else this.map.set(key, value);
  }

  async delete(key: string): Promise<boolean> {
    if (!this.isAway) return this.map.delete(key);
    this.#fail();
    return false;
  }

  async clear(): Promise<void> {
    this.map.clear();
  }

  #fail(): undefined {
    this.emit('error', new Error('away'));
    return undefined;
  }
}

/** One that throws. */
class ThrowingAdapter extends SilentAdapter {
  override async get(key: string): Promise<unknown> {
    if (this.isAway) throw new Error('away');
    return super.get(key);
  }

  override async delete(key: string): Promise<boolean> {
    if (this.isAway) throw new Error('away');
    return super.delete(key);
  }

  override async set(key: string, value: unknown): Promise<void> {
    if (this.isAway) throw new Error('away');
    return super.set(key, value);
  }
}

/** One that only says no. */
class RefusingAdapter extends SilentAdapter {
  refuses = false;

  override async delete(key: string): Promise<boolean> {
    return this.refuses ? false : super.delete(key);
  }

  override async set(key: string, value: unknown): Promise<void> {
    if (this.refuses) return false as never;
    return super.set(key, value);
  }
}

describe('the store in a Keyv', () => {
  const opened: KeyvCacheStore[] = [];
  const failures: unknown[] = [];
  const events = new RedisKitEvents();

  const open = (keyv: Keyv): KeyvCacheStore => {
    const store = new KeyvCacheStore({
      cache: 'archive',
      keyv,
      events,
      onFailure: (...failure) => failures.push(failure),
    });
    opened.push(store);
    return store;
  };

  afterEach(() => {
    for (const store of opened.splice(0)) store.close();
    failures.length = 0;
  });

  describe.each([
    { title: 'of a Map', create: () => new Keyv() },
    { title: 'of an adapter', create: () => new Keyv({ store: new SilentAdapter() }) },
    {
      title: 'that does not serialize',
      create: () => new Keyv({ serialize: undefined, deserialize: undefined } as object),
    },
    { title: 'whose namespace begins our keys', create: () => new Keyv({ namespace: 'contract' }) },
  ])('$title', ({ create }) => {
    const contract = cacheStoreContract(
      async () => ({ store: open(create()), dispose: async () => undefined }),
      { extendsLives: false },
    );

    it.each([...contract])('$title', async ({ run }) => {
      await expect(run()).resolves.toBeUndefined();
      expect(failures).toEqual([]);
    });
  });

  it('never writes a token a second time, so that one that was replaced elsewhere cannot come back', async () => {
    const adapter = new SilentAdapter();
    const [here, there] = [open(new Keyv({ store: adapter })), open(new Keyv({ store: adapter }))];
    await here.create('token', Buffer.from('old'), HOUR_MS, patient());
    await Promise.all([
      here.extend(),
      there.put('token', Buffer.from('new'), HOUR_MS, PATIENT_MS),
      here.extend(),
    ]);
    expect(await here.read(['token'], patient())).toEqual([Buffer.from('new')]);
  });

  describe.each([
    { title: 'emits its failures and hides them', adapter: () => new SilentAdapter() },
    { title: 'throws', adapter: () => new ThrowingAdapter() },
  ])('when its adapter $title', ({ adapter: create }) => {
    it('is not available, and does not take a failure for a miss', async () => {
      const adapter = create();
      const store = open(new Keyv({ store: adapter }));
      await store.write('key', Buffer.from('value'), HOUR_MS, patient());
      adapter.isAway = true;
      expect(await store.read(['key'], patient())).toBe(UNAVAILABLE);
      expect(await store.write('key', Buffer.from('new'), HOUR_MS, patient())).toBe(UNAVAILABLE);
      expect(failures).toHaveLength(2);
      adapter.isAway = false;
      expect(await store.read(['key'], patient())).toEqual([Buffer.from('value')]);
    });

    it('is loud about what could not be removed or put', async () => {
      const adapter = create();
      const store = open(new Keyv({ store: adapter }));
      await store.write('key', Buffer.from('value'), HOUR_MS, patient());
      adapter.isAway = true;
      await expect(store.remove(['key'], PATIENT_MS)).rejects.toThrow('away');
      await expect(store.expire('key', PATIENT_MS)).rejects.toThrow('away');
      await expect(store.put('key', Buffer.from('token'), HOUR_MS, PATIENT_MS)).rejects.toThrow(
        'away',
      );
    });

    it('is not asked any more after three failures, until it answers again', async () => {
      const adapter = create();
      const store = open(new Keyv({ store: adapter }));
      adapter.isAway = true;
      for (let i = 0; i < 5; i++) await store.read(['key'], patient());
      expect(failures).toHaveLength(3);
      adapter.isAway = false;
      await eventually(async () => (await store.read(['key'], patient())) !== UNAVAILABLE);
    });
  });

  it('takes a "no" for a failure where something is left, and for an answer where nothing is', async () => {
    const adapter = new RefusingAdapter();
    const store = open(new Keyv({ store: adapter }));
    await store.write('key', Buffer.from('value'), HOUR_MS, patient());
    adapter.refuses = true;
    await expect(store.remove(['key'], PATIENT_MS)).rejects.toThrow('did not delete');
    await expect(store.put('key', Buffer.from('token'), HOUR_MS, PATIENT_MS)).rejects.toThrow(
      'did not store',
    );
    expect(await store.remove(['absent'], PATIENT_MS)).toBe(false);
  });

  it('keeps a write that is late from overtaking the removal behind it', async () => {
    let release = (): void => undefined;
    const held = new Promise<void>((resolve) => (release = resolve));
    let sets = 0;
    class HeldAdapter extends SilentAdapter {
      override async set(key: string, value: unknown): Promise<void> {
        sets += 1;
        await held;
        return super.set(key, value);
      }
    }
    const store = open(new Keyv({ store: new HeldAdapter() }));
    const late = await store.write('key', Buffer.from('late'), HOUR_MS, new Budget(20));
    expect(late).toBe(UNAVAILABLE);
    // Nobody waits for this one either; when its turn comes it is not begun.
    expect(await store.write('key', Buffer.from('later'), HOUR_MS, new Budget(20))).toBe(
      UNAVAILABLE,
    );
    const removed = store.remove(['key'], PATIENT_MS);
    release();
    expect(await removed).toBe(true);
    expect(sets).toBe(1);
    expect(await store.read(['key'], patient())).toEqual([null]);
  });

  it.each(['keyv', 'a:b', 'name:space:'])(
    'removes by a glob, in the namespace %s',
    async (namespace) => {
      const store = open(new Keyv({ namespace }));
      for (const key of ['k:1', 'k:2', 'other']) {
        await store.write(key, Buffer.from('value'), HOUR_MS, patient());
      }
      const steps: number[] = [];
      expect(await store.removeMatching('k:*', PATIENT_MS, (count) => steps.push(count))).toBe(2);
      expect(steps).toEqual([1, 2, 2]);
      expect(await store.read(['k:1', 'k:2', 'other'], patient())).toEqual([
        null,
        null,
        Buffer.from('value'),
      ]);
    },
  );

  it('says so when its keys cannot be listed', async () => {
    const store = open(new Keyv({ store: new SilentAdapter() }));
    await expect(store.removeMatching('*', PATIENT_MS, () => undefined)).rejects.toThrow('by tags');
  });

  it('hears no more of the Keyv once it is closed', () => {
    const keyv = new Keyv();
    open(keyv).close();
    expect(keyv.listeners('error')).toEqual([]);
  });

  it('knows a Keyv from anything else', () => {
    expect(isKeyv(new Keyv())).toBe(true);
    for (const other of [null, 'keyv', {}, new Map(), new SilentAdapter()]) {
      expect(isKeyv(other)).toBe(false);
    }
  });
});
