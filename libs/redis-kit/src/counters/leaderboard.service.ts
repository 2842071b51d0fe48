import { validateOptions } from '../core/options/validate-options.js';
import type { RankedMember } from './counters.scripts.js';
import { LeaderboardArgumentError } from './counters.errors.js';
import { LeaderboardOptions, resolveLeaderboardOptions } from './leaderboard.options.js';
import type { BoardPlace, LeaderboardStore, ScoreChange } from './stores/leaderboard-store.js';

/** A board by its name, with the options of `leaderboards` in `forRoot()`; or a name with options of its own. */
export type Leaderboard = string | (LeaderboardOptions & { readonly name: string });

/** What a member carries: small, and anything that JSON can hold. */
export type MemberData = string | number | boolean | null | object;

export interface LeaderboardEntry {
  readonly member: string;
  readonly score: number;
  /** From 0, the best. */
  readonly rank: number;
  /** What was given with the submission; undefined when nothing was. */
  readonly data: unknown;
}

export interface ScoreOptions {
  /** Kept beside the score, up to 4 kB as JSON. Without it the member keeps what it has. */
  readonly data?: MemberData | undefined;
}

export interface SubmitOptions extends ScoreOptions {
  /**
   * `set` takes the place of the old score; `best` does so only where the new one ranks better.
   * @default 'set'
   */
  readonly mode?: 'set' | 'best' | undefined;
}

export interface BoardReadOptions {
  /**
   * How many periods before the current one; for boards with a period.
   * @default 0
   */
  readonly ago?: number | undefined;
}

export interface PageOptions extends BoardReadOptions {
  /** @default 0 */
  readonly offset?: number | undefined;
  /** @default 10 */
  readonly limit?: number | undefined;
}

const LONGEST_MEMBER_BYTES = 512;
const LARGEST_DATA_BYTES = 4_096;
const MOST_ENTRIES = 1_000;

/**
 * Ranks members by score. Of equal scores, whoever reached it first ranks higher; a submission that does not change the
 * score does not change the place.
 *
 * Each call is one atomic step, so no reader sees a board that is too large, or a member twice. Scores are doubles and keep
 * their whole precision. All methods reject with `RedisUnavailableError` when Redis does not answer in time; a submission
 * may then have been counted.
 */
export class LeaderboardService {
  readonly #store: LeaderboardStore;
  readonly #declared: ReadonlyMap<string, LeaderboardOptions>;
  readonly #resolved = new WeakMap<object, BoardPlace>();
  readonly #boards = new Map<string, BoardPlace>();

  constructor(store: LeaderboardStore, declared: ReadonlyMap<string, LeaderboardOptions>) {
    this.#store = store;
    this.#declared = declared;
    for (const [name, options] of declared) {
      this.#boards.set(name, { name, ...resolveLeaderboardOptions(options) });
    }
  }

  /** Gives a member this score. Answers its place, or null when it ranks behind `maxSize`. */
  async submit(
    board: Leaderboard,
    member: string,
    score: number,
    { mode = 'set', data }: SubmitOptions = {},
  ): Promise<LeaderboardEntry | null> {
    if (mode !== 'set' && mode !== 'best') {
      throw new LeaderboardArgumentError(`'mode' must be 'set' or 'best', not ${String(mode)}.`);
    }
    return this.#submit(board, member, score, mode, data);
  }

  /**
   * Adds to the score of a member, or of a new one to 0. Answers its place, or null when it ranks behind `maxSize`: then its
   * score is forgotten, so choose a size well beyond what is shown.
   *
   * @throws LeaderboardArgumentError when the sum would not be a finite number; nothing was changed.
   */
  async incrementBy(
    board: Leaderboard,
    member: string,
    by: number,
    { data }: ScoreOptions = {},
  ): Promise<LeaderboardEntry | null> {
    return this.#submit(board, member, by, 'add', data);
  }

  /** The best members, the best first. */
  async top(
    board: Leaderboard,
    count = 10,
    options: BoardReadOptions = {},
  ): Promise<LeaderboardEntry[]> {
    return this.page(board, { ...options, limit: count });
  }

  /** Members from place `offset` on. */
  async page(
    board: Leaderboard,
    { offset = 0, limit = 10, ago = 0 }: PageOptions = {},
  ): Promise<LeaderboardEntry[]> {
    const place = this.#place(board);
    const first = wholeNumber('offset', offset, 0, Number.MAX_SAFE_INTEGER - MOST_ENTRIES);
    const last = first + wholeNumber('limit', limit, 1, MOST_ENTRIES) - 1;
    const { entries } = await this.#store.read(place, { first, last, ago: agoOf(ago) });
    return entries.map((entry) => entryOf(place, entry));
  }

  /** The place of a member, with its score; null when it is not on the board. */
  async rank(
    board: Leaderboard,
    member: string,
    options: BoardReadOptions = {},
  ): Promise<LeaderboardEntry | null> {
    const [entry] = await this.around(board, member, 0, options);
    return entry ?? null;
  }

  /** A member with up to `count` neighbours on each side; empty when it is not on the board. */
  async around(
    board: Leaderboard,
    member: string,
    count = 2,
    { ago = 0 }: BoardReadOptions = {},
  ): Promise<LeaderboardEntry[]> {
    const place = this.#place(board);
    assertText(member, 'member');
    const last = wholeNumber('count', count, 0, MOST_ENTRIES / 2);
    const range = { first: 0 - last, last, around: member, ago: agoOf(ago) };
    const { entries } = await this.#store.read(place, range);
    return entries.map((entry) => entryOf(place, entry));
  }

  /** How many members are on the board. */
  async size(board: Leaderboard, { ago = 0 }: BoardReadOptions = {}): Promise<number> {
    const range = { first: 0, last: -1, ago: agoOf(ago) };
    return (await this.#store.read(this.#place(board), range)).size;
  }

  /** Takes a member off the board; true when it was on it. */
  async remove(board: Leaderboard, member: string): Promise<boolean> {
    assertText(member, 'member');
    return this.#store.remove(this.#place(board), member);
  }

  /** Takes everybody off the board; true when there was somebody. */
  async reset(board: Leaderboard): Promise<boolean> {
    return this.#store.remove(this.#place(board), undefined);
  }

  async #submit(
    board: Leaderboard,
    member: string,
    score: number,
    mode: ScoreChange['mode'],
    data: MemberData | undefined,
  ): Promise<LeaderboardEntry | null> {
    const place = this.#place(board);
    assertText(member, 'member');
    if (!Number.isFinite(score)) {
      throw new LeaderboardArgumentError(`A score must be a finite number, not ${String(score)}.`);
    }
    const weight = place.sign * score + 0;
    const change = { member, weight, mode, data: textOf(data) };
    const reply = await this.#store.submit(place, change);
    if (reply === 'overflow') {
      throw new LeaderboardArgumentError(
        `Score of '${member}' on board '${place.name}' plus ${score} is no finite number; it was not changed.`,
      );
    }
    if (reply.rank === undefined) return null;
    return entryOf(place, { member, weight: reply.weight, data: reply.data, rank: reply.rank });
  }

  #place(board: Leaderboard): BoardPlace {
    if (typeof board !== 'object' || board === null) {
      assertText(board, 'board');
      const declared = this.#boards.get(board);
      return declared ?? { name: board, ...resolveLeaderboardOptions() };
    }
    let place = this.#resolved.get(board);
    if (!place) {
      const { name, ...options } = board;
      assertText(name, 'board');
      const path = `the options of leaderboard '${name}'`;
      const valid = validateOptions(LeaderboardOptions, options, path);
      place = { name, ...resolveLeaderboardOptions({ ...this.#declared.get(name), ...valid }) };
      this.#resolved.set(board, place);
    }
    return place;
  }
}

function entryOf({ sign }: BoardPlace, { member, weight, data, rank }: RankedMember) {
  // Adding 0 makes 0 of -0.
  return { member, score: sign * weight + 0, rank, data: dataOf(data) };
}

function textOf(data: MemberData | undefined): string | undefined {
  const text = data === undefined ? undefined : JSON.stringify(data);
  if (data !== undefined && (text === undefined || Buffer.byteLength(text) > LARGEST_DATA_BYTES)) {
    throw new LeaderboardArgumentError(
      `The data of a member must be JSON of at most ${LARGEST_DATA_BYTES} bytes; keep more elsewhere, under the member's id.`,
    );
  }
  return text;
}

/** What is no JSON was written by somebody else. */
function dataOf(text: string): unknown {
  if (text === '') return undefined;
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

function assertText(text: unknown, what: 'board' | 'member'): asserts text is string {
  const isText =
    typeof text === 'string' &&
    text !== '' &&
    Buffer.byteLength(text) <= LONGEST_MEMBER_BYTES &&
    !/\p{Surrogate}/u.test(text);
  if (isText) return;
  throw new LeaderboardArgumentError(
    `A ${what} must be well-formed text of 1 to ${LONGEST_MEMBER_BYTES} bytes.`,
  );
}

function wholeNumber(option: string, value: number, min: number, max: number): number {
  if (Number.isSafeInteger(value) && value >= min && value <= max) return value;
  throw new LeaderboardArgumentError(
    `'${option}' must be a whole number from ${min} to ${max}, not ${String(value)}.`,
  );
}

const agoOf = (ago: number): number => wholeNumber('ago', ago, 0, MOST_ENTRIES);
