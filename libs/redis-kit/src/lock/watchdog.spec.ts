import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { deferred } from '../core/deferred.js';
import { Holding, trustedUntil, type HoldingDetails } from './holding.js';
import { MemoryMutexStore } from './stores/memory-mutex.store.js';
import type { Renewal, RenewalTerm } from './stores/hold-store.js';
import { Watchdog } from './watchdog.js';

/** Answers as it is told, and remembers what it was asked. */
class Store extends MemoryMutexStore {
  readonly batches: string[][] = [];
  answer: (terms: readonly RenewalTerm[]) => Promise<Renewal[]> = async (terms) =>
    terms.map(() => 'renewed');

  constructor(private readonly groups = 1) {
    super();
  }

  override renew(terms: readonly RenewalTerm[]): Promise<Renewal[]> {
    this.batches.push(terms.map(({ name }) => name));
    return this.answer(terms);
  }

  override groupOf(name?: string): number {
    return Number(name) % this.groups;
  }
}

const LEASE_MS = 30_000;
let watchdog: Watchdog;
let lost: string[];

beforeEach(() => {
  jest.useFakeTimers();
  watchdog = new Watchdog();
  lost = [];
});

afterEach(() => {
  watchdog.close();
  jest.useRealTimers();
});

function hold(store: Store, at: number, more: Partial<HoldingDetails> = {}) {
  const now = performance.now();
  const { leaseMs = LEASE_MS } = more;
  const holding = new Holding({
    store,
    name: `${at}`,
    id: `id-${at}`,
    fence: 1,
    leaseMs,
    maxHoldMs: Infinity,
    renews: true,
    acquiredAt: now,
    validUntil: now + leaseMs,
    isUncertain: false,
    wasQueued: false,
    onLost: (own, reason) => {
      lost.push(`${own.name} ${reason}`);
      watchdog.remove(own);
    },
    ...more,
  });
  watchdog.add(holding);
  return holding;
}

const range = (from: number, count: number) => Array.from({ length: count }, (_, i) => from + i);
const sizes = ({ batches }: Store) => batches.map(({ length }) => length);

describe('a watchdog', () => {
  it('renews together what is due together, a hundred at most', async () => {
    const store = new Store();
    for (const at of range(0, 250)) hold(store, at);
    await jest.advanceTimersByTimeAsync(LEASE_MS / 3 - 1);
    expect(store.batches).toEqual([]);
    await jest.advanceTimersByTimeAsync(1);
    expect(sizes(store)).toEqual([100, 100, 50]);
    expect(new Set(store.batches.flat()).size).toBe(250);
    await jest.advanceTimersByTimeAsync(LEASE_MS / 3);
    expect(sizes(store)).toEqual([100, 100, 50, 100, 100, 50]);
  });

  it('takes along what is due soon, and leaves the rest for its own time', async () => {
    const store = new Store();
    hold(store, 1);
    await jest.advanceTimersByTimeAsync(2_000);
    hold(store, 2);
    await jest.advanceTimersByTimeAsync(2_000);
    hold(store, 3);
    await jest.advanceTimersByTimeAsync(6_000);
    expect(store.batches).toEqual([['1', '2']]);
    await jest.advanceTimersByTimeAsync(4_000);
    expect(store.batches).toEqual([['1', '2'], ['3']]);
  });

  it('asks each group and each store by itself', async () => {
    const [one, two] = [new Store(2), new Store()];
    for (const at of range(0, 4)) hold(one, at);
    for (const at of range(4, 2)) hold(two, at);
    await jest.advanceTimersByTimeAsync(LEASE_MS / 3);
    expect(one.batches).toEqual([
      ['0', '2'],
      ['1', '3'],
    ]);
    expect(two.batches).toEqual([['4', '5']]);
  });

  it('leaves alone what was released, or is not to be renewed', async () => {
    const store = new Store();
    const [released] = range(0, 3).map((at) => hold(store, at));
    hold(store, 3, { renews: false });
    watchdog.remove(released!);
    await jest.advanceTimersByTimeAsync(LEASE_MS / 3);
    expect(store.batches).toEqual([['1', '2']]);
    await jest.advanceTimersByTimeAsync(LEASE_MS);
    expect(lost).toEqual(['3 expired']);
  });

  it('asks again until there is an answer', async () => {
    jest.useRealTimers();
    const store = new Store();
    const renewed = deferred<void>();
    store.answer = async (terms) => {
      if (store.batches.length < 3) throw new Error('Connection is closed.');
      renewed.resolve();
      return terms.map(() => 'renewed');
    };
    const holding = hold(store, 1, { leaseMs: 3_000 });
    const { validUntil } = holding;
    await renewed.promise;
    await new Promise((resolve) => setImmediate(resolve));
    expect(holding.validUntil).toBeGreaterThan(validUntil);
    expect(lost).toEqual([]);
  });

  it('trusts a renewal from when it was sent', async () => {
    const store = new Store();
    store.answer = (terms) =>
      new Promise((resolve) => setTimeout(() => resolve(terms.map(() => 'renewed')), 5_000));
    const sentAt = performance.now() + LEASE_MS / 3;
    const holding = hold(store, 1);
    await jest.advanceTimersByTimeAsync(LEASE_MS / 3 + 5_000);
    expect(Math.abs(holding.validUntil - trustedUntil(sentAt, LEASE_MS))).toBeLessThan(5);
  });

  it.each([
    ['fails', 'unreachable', () => Promise.reject(new Error('Connection is closed.'))],
    ['never comes', 'expired', () => new Promise<never>(() => undefined)],
  ])('gives up when the lease has ended, if an answer %s', async (_, reason, answer) => {
    jest.useRealTimers();
    const store = new Store();
    store.answer = answer;
    const isLost = deferred<void>();
    const holding = hold(store, 1, { leaseMs: 300, onLost: () => isLost.resolve() });
    await isLost.promise;
    expect(holding.lost?.reason).toBe(reason);
    expect(performance.now()).toBeGreaterThanOrEqual(holding.validUntil);
  });

  it('settles each of a batch by its own answer', async () => {
    const store = new Store();
    store.answer = async () => ['renewed', 'gone', 'stolen', 'expired'];
    for (const at of range(1, 4)) hold(store, at);
    await jest.advanceTimersByTimeAsync(LEASE_MS / 3);
    expect(lost).toEqual(['2 gone', '3 stolen', '4 expired']);
    expect(watchdog.size).toBe(1);
  });

  it('stops at the longest hold', async () => {
    const store = new Store();
    hold(store, 1, { maxHoldMs: LEASE_MS + 1_000 });
    await jest.advanceTimersByTimeAsync(LEASE_MS + 999);
    expect(lost).toEqual([]);
    await jest.advanceTimersByTimeAsync(1);
    expect(lost).toEqual(['1 max-hold']);
    expect(sizes(store)).toEqual([1]);
  });

  it('says when nothing is held any more, and leaves no timer', async () => {
    const store = new Store();
    const holdings = range(0, 3).map((at) => hold(store, at, { renews: at > 0 }));
    let isEmpty = false;
    const empty = watchdog.empty().then(() => (isEmpty = true));
    watchdog.remove(holdings[0]!);
    watchdog.remove(holdings[1]!);
    await Promise.resolve();
    expect(isEmpty).toBe(false);
    watchdog.remove(holdings[2]!);
    await empty;
    await watchdog.empty();
    watchdog.close();
    expect(jest.getTimerCount()).toBe(0);
  });
});
