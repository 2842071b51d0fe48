import {
  ForbiddenException,
  ServiceUnavailableException,
  UnauthorizedException,
} from '@nestjs/common';

/** 503: Redis did not answer, so nobody knows whose request it is. It is never treated as that of a guest. */
export class SessionUnavailableException extends ServiceUnavailableException {
  readonly code = 'SESSION_UNAVAILABLE';

  constructor(
    /** What `Retry-After` says. */
    readonly retryAfterMs: number,
    options?: { cause?: unknown },
  ) {
    super('Sessions cannot be read at the moment. Try again shortly.', options);
  }
}

/** 401: the request has no session of a user. */
export class SessionRequiredException extends UnauthorizedException {
  readonly code = 'SESSION_REQUIRED';

  constructor() {
    super('Log in first.');
  }
}

/** 403: the user proved who he is too long ago for this. */
export class FreshAuthRequiredException extends ForbiddenException {
  readonly code = 'FRESH_AUTH_REQUIRED';

  constructor(readonly maxAgeMs: number) {
    super('Confirm your password first.');
  }
}
