import type { BoardSlice, Submission } from '../counters.scripts.js';
import { expiryOf } from './counter-store.js';
import { ExpiringMap } from './expiring-map.js';
import {
  LeaderboardStore,
  type BoardPlace,
  type BoardRange,
  type ScoreChange,
} from './leaderboard-store.js';

interface Standing {
  readonly member: string;
  readonly weight: number;
  readonly data: string;
}

/** Boards in the memory of this process, for tests: a list in order of weight, the older of equal ones first. */
export class MemoryLeaderboardStore extends LeaderboardStore {
  readonly #boards = new ExpiringMap<Standing[]>();

  async submit(board: BoardPlace, change: ScoreChange): Promise<Submission | 'overflow'> {
    const key = keyOf(board, 0);
    const standings = this.#boards.get(key) ?? [];
    const at = standings.findIndex(({ member }) => member === change.member);
    const old = standings[at];
    const weight = weightAfter(old?.weight, change);
    if (!Number.isFinite(weight)) return 'overflow';
    const standing = { member: change.member, weight, data: change.data ?? old?.data ?? '' };
    if (old?.weight === weight) {
      standings[at] = standing;
    } else {
      if (old) standings.splice(at, 1);
      const behind = standings.findIndex((other) => other.weight > weight);
      standings.splice(behind < 0 ? standings.length : behind, 0, standing);
    }
    standings.splice(board.maxSize);
    this.#boards.set(key, standings, expiresAt(board));
    const rank = standings.indexOf(standing);
    return { weight, data: standing.data, rank: rank < 0 ? undefined : rank };
  }

  async read(board: BoardPlace, range: BoardRange): Promise<BoardSlice> {
    const standings = this.#boards.get(keyOf(board, range.ago)) ?? [];
    const size = standings.length;
    let { first, last } = range;
    if (range.around !== undefined) {
      const rank = standings.findIndex(({ member }) => member === range.around);
      if (rank < 0) return { size, entries: [] };
      [first, last] = [Math.max(0, rank + first), rank + last];
    }
    const entries = standings.slice(first, last + 1);
    return { size, entries: entries.map((entry, at) => ({ ...entry, rank: first + at })) };
  }

  async remove(board: BoardPlace, member?: string): Promise<boolean> {
    const key = keyOf(board, 0);
    const standings = this.#boards.get(key) ?? [];
    if (member === undefined) return this.#boards.delete(key) && standings.length > 0;
    const at = standings.findIndex((standing) => standing.member === member);
    if (at >= 0) standings.splice(at, 1);
    return at >= 0;
  }
}

function weightAfter(old: number | undefined, { weight, mode }: ScoreChange): number {
  if (old === undefined || mode === 'set') return weight;
  return mode === 'best' ? Math.min(old, weight) : old + weight;
}

const keyOf = ({ name, window }: BoardPlace, ago: number): string =>
  JSON.stringify([name, window?.id, window?.last(Date.now(), ago + 1)[0]!.fromMs]);

const expiresAt = ({ window, keep, ttlMs = Number.POSITIVE_INFINITY }: BoardPlace): number =>
  window ? expiryOf(window, window.at(Date.now()), keep) : Date.now() + ttlMs;
