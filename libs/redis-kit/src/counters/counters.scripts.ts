import {
  defineBinaryScript,
  defineScript,
  type RawBufferReply,
  type RawReply,
} from '../core/scripts/define-script.js';

/** What a script did, or that the period it was sent for is not the current one, with the time of the server. */
export type Timed<T> =
  | { readonly isCurrent: true; readonly value: T }
  | { readonly isCurrent: false; readonly nowMs: number };

/** What an addition came to: the new count, or why there is none. */
export type Sum = number | 'overflow' | 'full';

export interface RankedMember {
  readonly member: string;
  readonly weight: number;
  /** JSON, or nothing. */
  readonly data: string;
  readonly rank: number;
}

/** Where a member stands after its submission; without a rank when it did not fit. */
export interface Submission extends Omit<RankedMember, 'member' | 'rank'> {
  readonly rank: number | undefined;
}

export interface BoardSlice {
  readonly size: number;
  readonly entries: readonly RankedMember[];
}

export const addToCounter = defineScript({
  name: 'counters.add-to-counter',
  source: new URL('./lua/add-to-counter.lua', import.meta.url),
  shared: new URL('./lua/period.lua', import.meta.url),
  keys: ['counter'],
  args: ['by', 'ttlMs', 'expireAtMs', 'fromMs', 'untilMs'],
  reply: (raw) => timed<Sum>(raw, ([, sum]) => Number(sum), 'overflow'),
});

export const addToGroup = defineScript({
  name: 'counters.add-to-group',
  source: new URL('./lua/add-to-group.lua', import.meta.url),
  shared: new URL('./lua/period.lua', import.meta.url),
  keys: ['group'],
  args: ['additions', 'maxNames', 'ttlMs', 'expireAtMs', 'fromMs', 'untilMs'],
  reply: (raw) =>
    timed<Sum[]>(raw, ([, ...sums]) =>
      sums.map((sum) => (sum === 'full' || sum === 'overflow' ? sum : Number(sum))),
    ),
});

export const addUnique = defineScript({
  name: 'counters.add-unique',
  source: new URL('./lua/add-unique.lua', import.meta.url),
  shared: new URL('./lua/period.lua', import.meta.url),
  keys: ['unique'],
  args: ['member', 'ttlMs', 'expireAtMs', 'fromMs', 'untilMs'],
  reply: (raw) => timed(raw, ([, changed]) => changed === 1),
  idempotent: true,
});

export const readClock = defineScript({
  name: 'counters.clock',
  source: new URL('./lua/clock.lua', import.meta.url),
  keys: ['key'],
  args: [],
  reply: Number,
  idempotent: true,
});

export const submitScore = defineBinaryScript({
  name: 'counters.submit-score',
  source: new URL('./lua/submit-score.lua', import.meta.url),
  shared: new URL('./lua/period.lua', import.meta.url),
  keys: ['board', 'members'],
  args: ['member', 'weight', 'mode', 'data', 'maxSize', 'ttlMs', 'expireAtMs', 'fromMs', 'untilMs'],
  reply: (raw) =>
    timed<Submission | 'overflow'>(
      raw,
      ([, weight, data, rank]) => ({
        weight: Number(String(weight)),
        data: String(data),
        rank: typeof rank === 'number' ? rank : undefined,
      }),
      'overflow',
    ),
});

export const readBoard = defineBinaryScript({
  name: 'counters.read-board',
  source: new URL('./lua/read-board.lua', import.meta.url),
  shared: new URL('./lua/period.lua', import.meta.url),
  keys: ['board', 'members'],
  args: ['member', 'first', 'last', 'fromMs', 'untilMs'],
  reply: (raw) =>
    timed<BoardSlice>(raw, ([, size, first, ...found]) => ({
      size: Number(size),
      entries: Array.from({ length: Math.floor(found.length / 3) }, (_, at) => ({
        member: String(found[at * 3]),
        weight: Number(String(found[at * 3 + 1])),
        data: String(found[at * 3 + 2]),
        rank: Number(first) + at,
      })),
    })),
  idempotent: true,
});

export const removeFromBoard = defineScript({
  name: 'counters.remove-from-board',
  source: new URL('./lua/remove-from-board.lua', import.meta.url),
  shared: new URL('./lua/period.lua', import.meta.url),
  keys: ['board', 'members'],
  args: ['member', 'fromMs', 'untilMs'],
  reply: (raw) => timed(raw, ([, removed]) => removed === 1),
});

/** Scripts of a period answer `{0, time}` outside of it, `{1, …}` inside, and `{2}` when the sum would be no number. */
function timed<T>(
  raw: RawReply | RawBufferReply,
  read: (reply: readonly (RawReply | RawBufferReply)[]) => T,
  overflow?: T,
): Timed<T> {
  const reply = raw as (RawReply | RawBufferReply)[];
  if (reply[0] === 0) return { isCurrent: false, nowMs: Number(reply[1]) };
  return { isCurrent: true, value: reply[0] === 2 ? overflow! : read(reply) };
}
