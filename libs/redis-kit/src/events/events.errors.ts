import { RedisKitError } from '../core/redis-kit.error.js';

/** A name or a pattern of events is not one. */
export class EventNameError extends RedisKitError {
  readonly code = 'EVENT_NAME_INVALID';
}

/** The payload cannot be sent: it is too large, or has no encoded form. Nothing was published. */
export class EventPayloadError extends RedisKitError {
  readonly code = 'EVENT_PAYLOAD_REFUSED';

  constructor(
    readonly event: string,
    reason: string,
    options?: { cause?: unknown },
  ) {
    super(`Event '${event}' was not published: ${reason}`, options);
  }
}

/** Redis did not take the event. Nobody hears of it; it may be published again. */
export class EventNotPublishedError extends RedisKitError {
  readonly code = 'EVENT_NOT_PUBLISHED';

  constructor(
    readonly event: string,
    reason: string,
    options?: { cause?: unknown },
  ) {
    super(`Event '${event}' was not published: ${reason}`, options);
  }
}

/** Redis did not say whether it took the event: it was published once, or not at all. Publishing it again may double it. */
export class EventOutcomeUnknownError extends RedisKitError {
  readonly code = 'EVENT_OUTCOME_UNKNOWN';

  constructor(
    readonly event: string,
    reason: string,
    options?: { cause?: unknown },
  ) {
    super(
      `Event '${event}' may or may not have been published: ${reason}. Publish it again only if its handlers may see it twice.`,
      options,
    );
  }
}
