import { RedisKitError } from '../../core/redis-kit.error.js';

/** It cannot be told whom a call is to be counted for. */
export class RateLimitTrackerError extends RedisKitError {
  readonly code = 'RATE_LIMIT_TRACKER_UNKNOWN';

  constructor(
    /** What was tried, in this order. */
    readonly trackers: readonly string[],
    /** `http`, `graphql`, `ws` or `rpc`. */
    readonly transport: string,
  ) {
    super(
      `A call by ${transport} cannot be counted by ${trackers.join(', then by ')}: ` +
        `${trackers.map((tracker) => HINTS[tracker] ?? HINTS['a function']).join('; ')}. ` +
        "Give a fallback such as by: ['user', 'ip'], or a function.",
    );
  }
}

const HINTS: Readonly<Record<string, string>> = {
  ip: 'the address of the client is unknown (the connection is gone, or the transport does not tell it)',
  user: 'there is no user (the guard has to come after the one that signs users in)',
  apiKey: 'there is no API key',
  session: 'the client came without a session',
  'a function': 'the function told nobody',
};
