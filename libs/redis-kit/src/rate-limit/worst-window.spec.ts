import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { limitOf } from './limit.js';
import type { RateLimitPolicy } from './policy.options.js';
import { MemoryBucketStore } from './stores/memory-bucket.store.js';

/**
 * The most that is allowed in any trailing window, in a simulation over the model that
 * test/integration/rate-limit-model.int-spec.ts holds the scripts to.
 */
const WINDOW_US = 60_000_000;
const STEP_US = 100_000;
const LIMIT = 100;

/** Midnight, in the middle of which a calendar's day ends. */
const MIDNIGHT_US = Date.UTC(2026, 2, 1) * 1_000;

type Client = (nowUs: number, startUs: number) => number;

/** Clients that try to get as much as they can into one window; each answers how many requests it makes now. */
const CLIENTS: Record<string, Client> = {
  'never stops': () => 3,
  'all at once, then whatever comes back': (now, start) => (now === start ? 2 * LIMIT : 1),
  'one early, then all around the end of the window': (now, start) =>
    now === start ? 1 : now >= start + WINDOW_US - STEP_US ? LIMIT : 0,
  'at the end of each window': (now) => (now % WINDOW_US >= WINDOW_US - STEP_US ? LIMIT : 0),
  'around midnight': (now) => (now >= MIDNIGHT_US - STEP_US && now <= MIDNIGHT_US ? LIMIT : 0),
  'in bursts that move': (now) => (Math.floor(now / STEP_US) % 17 === 0 ? 40 : 0),
};

/** The most one client got into any window. */
function simulate(policy: RateLimitPolicy, client: Client): number {
  let nowUs = 0;
  const store = new MemoryBucketStore(1, () => nowUs);
  const limits = [limitOf({ ...policy })];
  const startUs = MIDNIGHT_US - 1.5 * WINDOW_US;
  const admitted: number[] = [];
  let worst = 0;
  for (nowUs = startUs; nowUs < startUs + 4 * WINDOW_US; nowUs += STEP_US) {
    for (let attempt = client(nowUs, startUs); attempt > 0; attempt--) {
      const request = { tracker: 't', limits, cost: 1, counts: true, holder: '' };
      if (!store.decide(request).allowed) break;
      admitted.push(nowUs);
    }
    const inWindow = admitted.filter((at) => at > nowUs - WINDOW_US).length;
    worst = Math.max(worst, inWindow);
  }
  return worst;
}

const worstOf = (policy: RateLimitPolicy): number =>
  Math.max(...Object.values(CLIENTS).map((client) => simulate(policy, client)));

/** Title as in the guide, policy, and the most in any trailing window. */
const TABLE: [string, RateLimitPolicy, number][] = [
  ['`token-bucket`', { name: 'p', limit: LIMIT, per: '1m' }, 199],
  ['`token-bucket`, `burst: 10`', { name: 'p', limit: LIMIT, per: '1m', burst: 10 }, 109],
  ['`sliding-window`', { name: 'p', limit: LIMIT, per: '1m', algorithm: 'sliding-window' }, 100],
  ['`fixed-window`', { name: 'p', limit: LIMIT, per: '1m', algorithm: 'fixed-window' }, 199],
  ['`quota`', { name: 'p', limit: LIMIT, per: 'day' }, 200],
];

describe('the most that any trailing window of a minute admits, of 100 a minute', () => {
  const guide = readFileSync('docs/guides/rate-limits.md', 'utf8').replace(/ +/g, ' ');

  it.each(TABLE)('%s: as the guide says', (title, policy, expected) => {
    const worst = worstOf(policy);
    expect(worst).toBe(expected);
    expect(guide).toContain(`| ${title} | ${worst} |`);
  });

  it('is never more than the limit for a large sliding window either', () => {
    const large: RateLimitPolicy = {
      name: 'p',
      limit: 1_200,
      per: '1m',
      algorithm: 'sliding-window',
    };
    const clients: Client[] = [
      () => 30,
      (now, start) => (now === start ? 2_000 : 20),
      (now) => (now % WINDOW_US >= WINDOW_US - STEP_US ? 2_000 : 0),
      (now) => (Math.floor(now / STEP_US) % 17 === 0 ? 500 : 0),
    ];
    expect(Math.max(...clients.map((client) => simulate(large, client)))).toBe(1_200);
  });
});

/** How many pass of requests that come every so often, for so long. */
function admittedOf(policy: RateLimitPolicy, everyMs: number, forMs: number): number {
  let nowMs = 0;
  const store = new MemoryBucketStore(1, () => MIDNIGHT_US + nowMs * 1_000);
  const request = { tracker: 't', limits: [limitOf(policy)], cost: 1, counts: true, holder: '' };
  let admitted = 0;
  for (nowMs = 0; nowMs < forMs; nowMs += everyMs) {
    if (store.decide(request).allowed) admitted++;
  }
  return admitted;
}

describe('a client that asks for more than the limit', () => {
  // A bucket is full at first; a window moves on by a whole number of steps.
  it.each([
    ['token-bucket', 699, 707],
    ['sliding-window', 693, 700],
    ['fixed-window', 693, 700],
  ] as const)('is kept to a rate that is no whole number: %s', (algorithm, least, most) => {
    const admitted = admittedOf({ name: 'p', limit: 7, per: '10s', algorithm }, 100, 1_000_000);
    expect(admitted).toBeGreaterThanOrEqual(least);
    expect(admitted).toBeLessThanOrEqual(most);
  });

  it('loses about one part in sixty of a large sliding window, as the guide says', () => {
    const large: RateLimitPolicy = {
      name: 'p',
      limit: 1_200,
      per: '1m',
      algorithm: 'sliding-window',
    };
    const admitted = admittedOf(large, 25, 600_000);
    // One window less than ten: how the last one ends is a matter of chance.
    expect(admitted).toBeGreaterThanOrEqual((12_000 * 60) / 61 - 1_200);
    expect(admitted).toBeLessThanOrEqual(12_000);
  });

  it.each([
    ['token-bucket', 29],
    ['sliding-window', 25],
    ['fixed-window', 25],
  ] as const)('gets its full rate of %s: 20 a second against 5 a second', (algorithm, expected) => {
    let nowUs = MIDNIGHT_US;
    const store = new MemoryBucketStore(1, () => nowUs);
    const limits = [limitOf({ name: 'p', limit: 5, per: '1s', algorithm })];
    let allowed = 0;
    for (let request = 0; request < 100; request++) {
      if (store.decide({ tracker: 't', limits, cost: 1, counts: true, holder: '' }).allowed)
        allowed++;
      nowUs += 50_000;
    }
    expect(allowed).toBe(expected);
  });
});
