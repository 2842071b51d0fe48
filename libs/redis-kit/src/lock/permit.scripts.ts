import { defineScript, type RawReply } from '../core/scripts/define-script.js';

/** How a semaphore stands. */
export interface PermitState {
  readonly limit: number;
  /** Weight of all holders. */
  readonly used: number;
  readonly waiting: number;
  /** Milliseconds until the first lease ends; undefined when nobody holds. */
  readonly firstEndMs: number | undefined;
  /** Since when that one has been held, in milliseconds. */
  readonly holderAgeMs: number;
}

/** `heavy`: heavier than the limit, so it would wait for ever. `refused`: cancelled before it came, or run out. */
export type PermitOutcome = 'granted' | 'queued' | 'taken' | 'refused' | 'heavy';

export interface PermitAnswer extends PermitState {
  readonly outcome: PermitOutcome;
  /** The fence of what was granted, the ticket of what was queued, else 0. */
  readonly number: number;
}

export interface PermitStandings extends PermitState {
  /** What is left of the shortest lease of the asked ids, in milliseconds; 0 when none of them holds. */
  readonly leaseLeftMs: number;
  /** For each id its fence when it was granted, `0` while it waits, `-1` when it is not known. */
  readonly standings: readonly number[];
}

const OUTCOMES = new Map<number, PermitOutcome>([
  [1, 'granted'],
  [0, 'queued'],
  [-1, 'taken'],
  [-2, 'refused'],
  [-3, 'heavy'],
]);

function parseState(raw: RawReply): PermitState {
  const [limit = 0, used = 0, waiting = 0, firstEndMs = -1, holderAgeMs = 0] = numbersOf(raw);
  return {
    limit,
    used,
    waiting,
    firstEndMs: firstEndMs < 0 ? undefined : firstEndMs,
    holderAgeMs,
  };
}

function parseAnswer(raw: RawReply): PermitAnswer {
  const [code = 0, number = 0] = numbersOf(raw).slice(5);
  return { ...parseState(raw), outcome: OUTCOMES.get(code) ?? 'refused', number };
}

const numbersOf = (raw: RawReply): number[] => (raw as RawReply[]).map(Number);

export const acquirePermits = defineScript({
  name: 'lock.acquire-permits',
  shared: new URL('./lua/permits.lua', import.meta.url),
  source: new URL('./lua/acquire-permits.lua', import.meta.url),
  keys: ['holders', 'queue', 'processes', 'meta', 'refused'],
  args: ['channels', 'counts', 'claimMs', 'limit', 'id', 'leaseMs', 'waits', 'ticket', 'aliveMs'],
  reply: parseAnswer,
});

export const releasePermits = defineScript({
  name: 'lock.release-permits',
  shared: new URL('./lua/permits.lua', import.meta.url),
  source: new URL('./lua/release-permits.lua', import.meta.url),
  flags: ['allow-oom'],
  keys: ['holders', 'queue', 'processes', 'meta', 'refused'],
  args: ['channels', 'counts', 'claimMs', 'limit', 'tombstone', 'id'],
  reply: (raw) => raw === 1,
});

export const touchPermits = defineScript({
  name: 'lock.touch-permits',
  shared: new URL('./lua/permits.lua', import.meta.url),
  source: new URL('./lua/touch-permits.lua', import.meta.url),
  flags: ['allow-oom'],
  keys: ['holders', 'queue', 'processes', 'meta', 'refused'],
  args: ['channels', 'counts', 'claimMs', 'limit', 'process', 'aliveMs', '...ids'],
  reply: (raw): PermitStandings => ({
    ...parseState(raw),
    leaseLeftMs: numbersOf(raw)[5] ?? 0,
    standings: numbersOf(raw).slice(6),
  }),
});

export const renewPermits = defineScript({
  name: 'lock.renew-permits',
  shared: new URL('./lua/permits.lua', import.meta.url),
  source: new URL('./lua/renew-permits.lua', import.meta.url),
  flags: ['allow-oom'],
  keys: ['holders', 'queue', 'processes', 'meta', 'refused'],
  args: ['channels', 'counts', 'claimMs', 'limit', '...terms'],
  reply: (raw) => numbersOf(raw),
});

export const resizePermits = defineScript({
  name: 'lock.resize-permits',
  shared: new URL('./lua/permits.lua', import.meta.url),
  source: new URL('./lua/resize-permits.lua', import.meta.url),
  keys: ['holders', 'queue', 'processes', 'meta', 'refused'],
  args: ['channels', 'counts', 'claimMs', 'limit', 'permits'],
  reply: parseState,
});

export const exchangePermits = defineScript({
  name: 'lock.exchange-permits',
  shared: new URL('./lua/permits.lua', import.meta.url),
  source: new URL('./lua/exchange-permits.lua', import.meta.url),
  flags: ['allow-oom'],
  keys: ['holders', 'queue', 'processes', 'meta', 'refused'],
  args: ['channels', 'counts', 'claimMs', 'limit', 'id', 'lighterId'],
  reply: (raw) => raw === 1,
});

export const countDownLatch = defineScript({
  name: 'lock.count-down-latch',
  source: new URL('./lua/count-down-latch.lua', import.meta.url),
  keys: ['latch'],
  args: ['id', 'count', 'ttlMs', 'channel'],
  reply: Number,
  idempotent: true,
});
