/**
 * Base of every error the suite throws on purpose.
 *
 * `code` is stable and meant for programs; `message` says what happened, to which key or option, and what to do.
 * The original failure, when there is one, is always in `cause`.
 */
export abstract class RedisKitError extends Error {
  abstract readonly code: string;

  constructor(message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.name = new.target.name;
  }
}

/** One wrong option: where it stands, what was given and what is accepted. */
export interface ConfigurationIssue {
  readonly path: string;
  /** The given value as text, with secrets removed. */
  readonly given: string;
  readonly expected: string;
}

/** The options cannot work. Thrown while the application boots, with every wrong option listed. */
export class ConfigurationError extends RedisKitError {
  readonly code = 'CONFIGURATION_INVALID';
  readonly issues: readonly ConfigurationIssue[];

  constructor(problem: string | readonly ConfigurationIssue[], options?: { cause?: unknown }) {
    const issues = typeof problem === 'string' ? [] : problem;
    super(
      typeof problem === 'string'
        ? problem
        : `Invalid RedisKit options:\n${issues
            .map(({ path, given, expected }) => `  - ${path}: got ${given}, expected ${expected}`)
            .join('\n')}`,
      options,
    );
    this.issues = issues;
  }
}

/** Redis could not be reached, or did not answer in time. The command may or may not have been executed. */
export class RedisUnavailableError extends RedisKitError {
  readonly code = 'REDIS_UNAVAILABLE';
}

/** Redis' share of an operation used up its deadline. The command may still be executed later. */
export class DeadlineExceededError extends RedisKitError {
  readonly code = 'DEADLINE_EXCEEDED';

  constructor(
    readonly operation: string,
    readonly deadlineMs: number,
  ) {
    super(`${operation} got no answer from Redis within ${deadlineMs} ms`);
  }
}

/** The keys of one script live in different hash slots, so a Redis Cluster would refuse it. */
export class CrossSlotError extends RedisKitError {
  readonly code = 'CROSS_SLOT';

  constructor(
    readonly script: string,
    readonly keys: readonly string[],
  ) {
    super(
      `Script ${script} was called with keys of different hash slots (${keys.join(', ')}). ` +
        'Give keys used together the same {hash tag}.',
    );
  }
}

/** A value could not be encoded, or a payload read from Redis is not one this application can decode. */
export class CodecError extends RedisKitError {
  readonly code = 'CODEC_FAILED';
}
