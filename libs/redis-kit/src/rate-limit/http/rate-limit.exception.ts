import { HttpException } from '@nestjs/common';

const PROBLEM_TYPES = 'https://iana.org/assignments/http-problem-types';

/** A problem of RFC 9457; `violated-policies` is of draft-ietf-httpapi-ratelimit-headers-11 §5. */
interface RateLimitProblem {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly detail: string;
  readonly 'violated-policies'?: readonly string[];
}

/** The media type of the bodies below. */
export const PROBLEM_JSON = 'application/problem+json';

abstract class RateLimitException extends HttpException {
  /** Stable, for programs. */
  abstract readonly code: string;
  readonly violatedPolicies: readonly string[];

  constructor(problem: RateLimitProblem) {
    super(problem, problem.status);
    this.message = problem.detail;
    this.violatedPolicies = problem['violated-policies'] ?? [];
  }

  /** What GraphQL errors carry beside their message. */
  get extensions(): Record<string, unknown> {
    return { code: this.code, violatedPolicies: this.violatedPolicies };
  }
}

/** 429: one or more policies denied the request. */
export class RateLimitExceededException extends RateLimitException {
  readonly code = 'RATE_LIMIT_EXCEEDED';

  constructor(
    violatedPolicies: readonly string[],
    /** After this time the same request is allowed, unless others use up the quota. */
    readonly retryAfterMs: number,
  ) {
    super({
      type: `${PROBLEM_TYPES}#quota-exceeded`,
      title: 'Too Many Requests',
      status: 429,
      detail: `The quota is used up. Try again in ${Math.max(1, Math.ceil(retryAfterMs / 1_000))} s.`,
      'violated-policies': violatedPolicies,
    });
  }

  override get extensions(): Record<string, unknown> {
    return { ...super.extensions, retryAfterMs: this.retryAfterMs };
  }
}

/** 503: Redis is away, and the policy is `closed` then. */
export class RateLimitUnavailableException extends RateLimitException {
  readonly code = 'RATE_LIMIT_UNAVAILABLE';

  constructor(violatedPolicies: readonly string[]) {
    super({
      type: `${PROBLEM_TYPES}#temporary-reduced-capacity`,
      title: 'Service Unavailable',
      status: 503,
      detail: 'Requests cannot be counted at the moment. Try again shortly.',
      'violated-policies': violatedPolicies,
    });
  }
}

/** 403: the client is on the list of those that are denied. */
export class ClientDeniedException extends RateLimitException {
  readonly code = 'CLIENT_DENIED';

  constructor() {
    super({
      type: 'about:blank',
      title: 'Forbidden',
      status: 403,
      detail: 'Requests of this client are not accepted.',
    });
  }
}
