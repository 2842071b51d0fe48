import {
  defineBinaryScript,
  defineScript,
  type RawBufferReply,
} from '../core/scripts/define-script.js';
import type { RedisEntry } from './streams.scripts.js';

export const acquirePartition = defineScript({
  name: 'streams.acquire-partition',
  source: new URL('./lua/acquire-partition.lua', import.meta.url),
  shared: new URL('./lua/group-time.lua', import.meta.url),
  keys: ['log', 'group'],
  args: ['name', 'owner', 'leaseMs', 'start'],
  reply: (raw) => {
    const [granted, ...rest] = raw as (string | number)[];
    if (granted === 0) return { isGranted: false as const, freeInMs: Number(rest[0]) };
    return {
      isGranted: true as const,
      fence: String(rest[0]),
      delivered: String(rest[1]),
      isClean: rest[2] === 1,
    };
  },
  idempotent: true,
});

/** Not repeated by itself: events of a reply that was lost are pending, and are read from there. */
export const stepPartition = defineBinaryScript({
  name: 'streams.step-partition',
  source: new URL('./lua/step-partition.lua', import.meta.url),
  shared: new URL('./lua/group-time.lua', import.meta.url),
  keys: ['log', 'head', 'group', 'attempts', 'retry'],
  args: ['name', 'fence', 'leaseMs', 'room', 'after', 'retryAfter', 'logAcks', '...acks'],
  reply: (raw) => {
    const [outcome, entries, again, attempts] = raw as RawBufferReply[];
    const word = String(outcome);
    if (word !== 'ok') return { outcome: word as 'lost' | 'no-group' };
    return {
      outcome: word,
      entries: entries as unknown as RedisEntry[],
      again: again as unknown as RedisEntry[],
      attempts: attempts as number[],
    };
  },
});

export const markAttempt = defineScript({
  name: 'streams.mark-attempt',
  source: new URL('./lua/mark-attempt.lua', import.meta.url),
  keys: ['group', 'attempts'],
  args: ['fence', 'id', 'count'],
  reply: (raw) => raw === 1,
  idempotent: true,
});

export const buryEvent = defineScript({
  name: 'streams.bury-event',
  source: new URL('./lua/bury-event.lua', import.meta.url),
  shared: new URL('./lua/group-time.lua', import.meta.url),
  keys: ['log', 'group', 'attempts', 'dead', 'retry'],
  args: ['name', 'fence', 'origin', 'id', '...letter'],
  reply: (raw) => (raw === 1 ? 'buried' : raw === 0 ? 'gone' : 'lost'),
  idempotent: true,
});

export const releasePartition = defineScript({
  name: 'streams.release-partition',
  source: new URL('./lua/release-partition.lua', import.meta.url),
  keys: ['group'],
  args: ['fence', 'channel'],
  reply: (raw) => raw === 1,
  idempotent: true,
});

export const joinGroup = defineScript({
  name: 'streams.join-group',
  source: new URL('./lua/join-group.lua', import.meta.url),
  shared: new URL('./lua/group-time.lua', import.meta.url),
  keys: ['members'],
  args: ['member', 'ttlMs'],
  reply: Number,
  idempotent: true,
});

export const replayLetters = defineScript({
  name: 'streams.replay-letters',
  source: new URL('./lua/replay-letters.lua', import.meta.url),
  keys: ['dead', 'retry'],
  args: ['channel', '...ids'],
  reply: Number,
});

export const groupStatus = defineScript({
  name: 'streams.group-status',
  source: new URL('./lua/group-status.lua', import.meta.url),
  shared: new URL('./lua/group-time.lua', import.meta.url),
  keys: ['log', 'head', 'group', 'dead', 'retry'],
  args: ['name'],
  reply: (raw) => {
    const [ordinal, delivered, pending, owner, leftMs, dead, oldest, again, serverMs] = raw as (
      string | number
    )[];
    return {
      ordinal: Number(ordinal),
      delivered: String(delivered),
      pending: Number(pending),
      owner: String(owner),
      leaseLeftMs: Number(leftMs),
      deadLetters: Number(dead),
      oldestDeadLetter: String(oldest),
      sentBack: Number(again),
      serverMs: Number(serverMs),
    };
  },
  idempotent: true,
});

/** Not repeated by itself: its second run would find what the first one left. */
export const settleOnce = defineScript({
  name: 'streams.settle-once',
  source: new URL('./lua/settle-once.lua', import.meta.url),
  keys: ['inbox'],
  args: ['token', 'next', 'ttlMs'],
  reply: (raw) => raw === 1,
});
