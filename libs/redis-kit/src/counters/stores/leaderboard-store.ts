import type { BoardSlice, Submission } from '../counters.scripts.js';
import type { ResolvedLeaderboardOptions } from '../leaderboard.options.js';

/** A board with its options. */
export interface BoardPlace extends ResolvedLeaderboardOptions {
  readonly name: string;
}

export interface ScoreChange {
  readonly member: string;
  readonly weight: number;
  /** What the weight does: take the place of the old one, do so only where it is better, or be added. */
  readonly mode: 'set' | 'best' | 'add';
  /** JSON; undefined leaves what the member has. */
  readonly data: string | undefined;
}

/** Places from `first` to `last`, both included, of the period that ended `ago` periods before the current one. */
export interface BoardRange {
  readonly first: number;
  readonly last: number;
  /** Counts from the place of this member. */
  readonly around?: string | undefined;
  readonly ago: number;
}

/**
 * Where boards are kept: in Redis, or in the memory of a test. The smallest weight ranks first, and of equal ones the older
 * submission.
 */
export abstract class LeaderboardStore {
  abstract submit(board: BoardPlace, change: ScoreChange): Promise<Submission | 'overflow'>;
  /** Without entries when there is nobody in the range, or the member counted from is not on the board. */
  abstract read(board: BoardPlace, range: BoardRange): Promise<BoardSlice>;
  /** Takes a member, or everybody, off the current board; true when there was somebody. */
  abstract remove(board: BoardPlace, member: string | undefined): Promise<boolean>;
}
