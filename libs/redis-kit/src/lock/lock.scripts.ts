import { defineScript, type RawReply } from '../core/scripts/define-script.js';
import type { AcquireAnswer, Renewal, TouchAnswer } from './stores/hold-store.js';

export const takeLock = defineScript({
  name: 'lock.take',
  source: new URL('./lua/take.lua', import.meta.url),
  keys: ['lock'],
  args: ['id', 'leaseMs', 'delayMs'],
  reply: (raw) => (raw === 0 ? undefined : Number(raw)),
});

export const handBackLock = defineScript({
  name: 'lock.hand-back',
  source: new URL('./lua/hand-back.lua', import.meta.url),
  flags: ['allow-oom'],
  keys: ['lock'],
  args: ['id', 'fence'],
  reply: (raw) => raw === 1,
});

export const acquireLock = defineScript({
  name: 'lock.acquire',
  shared: new URL('./lua/lock-state.lua', import.meta.url),
  source: new URL('./lua/acquire.lua', import.meta.url),
  keys: ['lock', 'queue', 'processes', 'cancelled'],
  args: ['id', 'leaseMs', 'waits', 'ticket', 'aliveMs', 'claimMs', 'channels', 'counts'],
  reply: parseAcquired,
});

export const releaseLock = defineScript({
  name: 'lock.release',
  shared: new URL('./lua/lock-state.lua', import.meta.url),
  source: new URL('./lua/release.lua', import.meta.url),
  flags: ['allow-oom'],
  keys: ['lock', 'queue', 'processes', 'cancelled'],
  args: ['id', 'tombstone', 'claimMs', 'channels', 'counts'],
  reply: (raw) => raw === 1,
});

export const touchLock = defineScript({
  name: 'lock.touch',
  shared: new URL('./lua/lock-state.lua', import.meta.url),
  source: new URL('./lua/touch.lua', import.meta.url),
  flags: ['allow-oom'],
  keys: ['lock', 'queue', 'processes', 'cancelled'],
  args: ['process', 'aliveMs', 'claimMs', 'channels', 'counts', '...ids'],
  reply: parseTouched,
});

export const renewLocks = defineScript({
  name: 'lock.renew',
  source: new URL('./lua/renew.lua', import.meta.url),
  flags: ['allow-oom'],
  keys: ['...locks'],
  args: ['...terms'],
  reply: parseRenewals,
});

/** What the scripts that take or queue answer, whatever they guard. */
export function parseAcquired(raw: RawReply): AcquireAnswer {
  const [code, first = 0, age = 0, ticket = 0] = (raw as number[]).map(Number);
  switch (code) {
    case 1:
      return { outcome: 'granted', fence: first };
    case 0:
      return { outcome: 'queued', freeInMs: first, holderAgeMs: age, ticket };
    case -1:
      return { outcome: 'held', freeInMs: first, holderAgeMs: age };
    case -2:
      return { outcome: 'cancelled' };
    default:
      return { outcome: 'lapsed' };
  }
}

export function parseTouched(raw: RawReply): TouchAnswer {
  const [freeInMs = 0, holderAgeMs = 0, leaseLeftMs = 0, ...standings] = (raw as number[]).map(
    Number,
  );
  return { freeInMs, holderAgeMs, leaseLeftMs, standings };
}

const RENEWALS = new Map<number, Renewal>([
  [1, 'renewed'],
  [0, 'gone'],
  [-1, 'stolen'],
  [-2, 'expired'],
]);

export function parseRenewals(raw: RawReply): Renewal[] {
  return (raw as number[]).map((code) => RENEWALS.get(Number(code)) ?? 'gone');
}

export const fencedSet = defineScript({
  name: 'lock.fenced-set',
  source: new URL('./lua/fenced-set.lua', import.meta.url),
  keys: ['record'],
  args: ['fence', 'value', 'ttlMs'],
  reply: (raw) => raw === 1,
  idempotent: true,
});
