import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { UNAVAILABLE } from '../core/failsafe/failsafe.js';
import { createLease, createToken, headerOf } from './entry.js';
import { holdLease } from './held-lease.js';
import { MemoryCacheStore } from './stores/memory-cache.store.js';

const LEASE_MS = 1_000;
const KEY = 'key';

/** A store that tells until when the lease lives, and does not answer while it is told so. */
class LeaseStore extends MemoryCacheStore {
  renewals = 0;
  isAway = false;
  livesUntil = performance.now() + LEASE_MS;

  override async replace(...args: Parameters<MemoryCacheStore['replace']>) {
    this.renewals += 1;
    if (this.isAway) return UNAVAILABLE as never;
    const [, , , ttlMs] = args;
    const isReplaced = await super.replace(...args);
    if (isReplaced && this.hasLapsed) throw new Error('it had lapsed before');
    if (isReplaced) this.livesUntil = performance.now() + ttlMs;
    return isReplaced;
  }

  get hasLapsed(): boolean {
    return performance.now() > this.livesUntil;
  }
}

async function setUp(leaseLimitMs = 60_000) {
  const store = new LeaseStore(10);
  const bytes = createLease({ epoch: createToken(), tags: new Map() });
  await store.create(KEY, bytes, 60_000);
  const settings = { store, leaseMs: LEASE_MS, leaseLimitMs, deadlineMs: 100 };
  const letGo = holdLease(settings, { key: KEY, header: headerOf(bytes), bytes });
  return { store, letGo };
}

const pass = (ms: number) => jest.advanceTimersByTimeAsync(ms);

beforeEach(() => {
  jest.useFakeTimers();
});

afterEach(() => {
  jest.useRealTimers();
});

describe('a lease that is held', () => {
  it('stands many times its life, at one renewal for each half of it', async () => {
    const { store, letGo } = await setUp();
    await pass(10.25 * LEASE_MS);
    expect(store.hasLapsed).toBe(false);
    expect(store.renewals).toBe(20);
    letGo();
    await pass(LEASE_MS);
    expect(store.hasLapsed).toBe(true);
    expect(store.renewals).toBe(20);
  });

  it('costs nothing when the factory is quicker than half of it', async () => {
    const { store, letGo } = await setUp();
    await pass(LEASE_MS / 2 - 1);
    letGo();
    await pass(10 * LEASE_MS);
    expect(store.renewals).toBe(0);
  });

  it.each([
    ['removed', (store: LeaseStore) => store.remove([KEY])],
    ['replaced', (store: LeaseStore) => store.put(KEY, createToken(), 60 * LEASE_MS)],
  ])('is not renewed once it was %s, nor brought back', async (_, oust) => {
    const { store } = await setUp();
    await oust(store);
    const before = await store.read([KEY]);
    await pass(10 * LEASE_MS);
    expect(await store.read([KEY])).toEqual(before);
    expect(store.renewals).toBe(1);
  });

  it('is tried again soon when the store does not answer, so that it does not lapse', async () => {
    const { store } = await setUp();
    store.isAway = true;
    await pass(0.8 * LEASE_MS);
    store.isAway = false;
    await pass(1.1 * LEASE_MS);
    expect(store.hasLapsed).toBe(false);
  });

  it('is not renewed beyond the limit: a factory that never ends does not keep others waiting', async () => {
    const { store } = await setUp(5 * LEASE_MS);
    await pass(5.9 * LEASE_MS);
    expect(store.hasLapsed).toBe(false);
    await pass(0.2 * LEASE_MS);
    expect(store.hasLapsed).toBe(true);
    await pass(10 * LEASE_MS);
    expect(store.renewals).toBe(10);
  });
});
