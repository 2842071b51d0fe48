import type { KeySpace } from '../../core/key-space.js';
import { runScript } from '../../core/scripts/script-runner.js';
import { leaderboardKey, leaderboardMembersKey, type Bucket } from '../counters.keys.js';
import {
  readBoard,
  removeFromBoard,
  submitScore,
  type BoardSlice,
  type Submission,
} from '../counters.scripts.js';
import type { RedisLink } from '../redis-link.js';
import { expiryOf } from './counter-store.js';
import {
  LeaderboardStore,
  type BoardPlace,
  type BoardRange,
  type ScoreChange,
} from './leaderboard-store.js';

/** Boards in Redis: a sorted set and a hash with the same hash tag, and one script for each step. */
export class RedisLeaderboardStore extends LeaderboardStore {
  constructor(
    private readonly link: RedisLink,
    private readonly keySpace: KeySpace,
  ) {
    super();
  }

  submit(board: BoardPlace, change: ScoreChange): Promise<Submission | 'overflow'> {
    const { member, weight, mode, data = '' } = change;
    return this.link.inPeriod(board.window, (bucket) =>
      this.link.run('leaderboard.submit', (client) =>
        runScript(client, submitScore, this.#keys(board, bucket), {
          member,
          weight: String(weight),
          mode,
          data,
          maxSize: board.maxSize,
          ttlMs: bucket ? '' : (board.ttlMs ?? ''),
          expireAtMs: bucket ? expiryOf(bucket.window, bucket.period, board.keep) : '',
          ...bounds(bucket),
        }),
      ),
    );
  }

  read(board: BoardPlace, { first, last, around = '', ago }: BoardRange): Promise<BoardSlice> {
    return this.link.inPeriod(board.window, (current) =>
      this.link.run('leaderboard.read', (client) =>
        runScript(client, readBoard, this.#keys(board, current && before(current, ago)), {
          member: around,
          first,
          last,
          ...bounds(current),
        }),
      ),
    );
  }

  remove(board: BoardPlace, member = ''): Promise<boolean> {
    return this.link.inPeriod(board.window, (bucket) =>
      this.link.run('leaderboard.remove', (client) =>
        runScript(client, removeFromBoard, this.#keys(board, bucket), {
          member,
          ...bounds(bucket),
        }),
      ),
    );
  }

  #keys({ name }: BoardPlace, bucket: Bucket | undefined) {
    return {
      board: leaderboardKey(this.keySpace, name, bucket),
      members: leaderboardMembersKey(this.keySpace, name, bucket),
    };
  }
}

const bounds = (bucket: Bucket | undefined) => ({
  fromMs: bucket?.period.fromMs ?? '',
  untilMs: bucket?.period.untilMs ?? '',
});

const before = ({ window, period }: Bucket, ago: number): Bucket => ({
  window,
  period: window.last(period.fromMs, ago + 1)[0]!,
});
