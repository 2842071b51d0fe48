import { RedisKitError } from '../core/redis-kit.error.js';

/** The user has as many sessions as a user may have, and none of them is ended for a new one. */
export class SessionLimitError extends RedisKitError {
  readonly code = 'SESSION_LIMIT_REACHED';

  constructor(readonly maxPerUser: number) {
    super(
      `The user has ${maxPerUser} sessions, and may not have more. Offer to end one of them (revokeAll, then log in ` +
        "again), or set onLimit: 'evict-oldest'.",
    );
  }
}

/** All sessions of the user were revoked between `ticket()` and `login()`. Ask for the password again. */
export class LoginRevokedError extends RedisKitError {
  readonly code = 'SESSION_LOGIN_REVOKED';

  constructor() {
    super(
      'The sessions of this user were revoked during the login. Take a new ticket and check the password again.',
    );
  }
}

/** Another request saved the session since this one read it, and the policy is to refuse. */
export class SessionConflictError extends RedisKitError {
  readonly code = 'SESSION_CONFLICT';

  constructor(readonly handle: string) {
    super(
      `Session ${handle} was changed by another request meanwhile, so the changes of this one are not stored. ` +
        "Try again, or set onConflict: 'merge'.",
    );
  }
}

/** The data of a session is larger than `maxBytes`. Nothing was stored. */
export class SessionTooLargeError extends RedisKitError {
  readonly code = 'SESSION_TOO_LARGE';

  constructor(
    readonly bytes: number,
    readonly maxBytes: number,
  ) {
    super(
      `The data of a session takes ${bytes} bytes, more than maxBytes (${maxBytes}). Keep ids in it, and what they ` +
        'stand for elsewhere.',
    );
  }
}

/** The request did not pass the middleware of `SessionModule`, or its session ended while it was being served. */
export class NoSessionError extends RedisKitError {
  readonly code = 'SESSION_MISSING';

  constructor(problem: 'middleware' | 'ended' | 'guest') {
    super(
      {
        middleware:
          'The request has no session. Import SessionModule.forRoot(), and do not exclude this route from it.',
        ended: 'The session of this request has ended.',
        guest:
          'The session of this request is that of a guest: there is no user to ask for. Log in first.',
      }[problem],
    );
  }
}
