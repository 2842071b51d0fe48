import { RedisKitError } from '../core/redis-kit.error.js';

/** A name, an amount or an option of a call cannot be counted with. */
export class CounterArgumentError extends RedisKitError {
  readonly code = 'COUNTER_ARGUMENT_INVALID';
}

/** The count would leave the whole numbers that JavaScript can tell apart (±(2^53 − 1)). It was not changed. */
export class CounterOverflowError extends RedisKitError {
  readonly code = 'COUNTER_OVERFLOW';

  constructor(
    readonly counter: string,
    readonly by: number,
  ) {
    super(
      `Counter '${counter}' cannot be changed by ${by}: the count would be beyond ±${Number.MAX_SAFE_INTEGER}. ` +
        'It keeps its value; reset it, or count in larger units.',
    );
  }
}

/** A group has as many names as it may have, and this one is new. It was not counted. */
export class CounterGroupFullError extends RedisKitError {
  readonly code = 'COUNTER_GROUP_FULL';

  constructor(
    readonly group: string,
    readonly counter: string,
  ) {
    super(
      `Counter '${counter}' was not counted: group '${group}' is full. Names made of what users send have no end; ` +
        'count under fewer names, or raise counters.maxNames.',
    );
  }
}

/** A board, a member, a score or an option of a call cannot be ranked with. */
export class LeaderboardArgumentError extends RedisKitError {
  readonly code = 'LEADERBOARD_ARGUMENT_INVALID';
}
