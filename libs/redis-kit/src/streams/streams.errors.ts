import { RedisKitError } from '../core/redis-kit.error.js';
import type { ExpectedVersion } from './append-options.js';

/** A name, an event or an option of a call cannot be used with streams. Nothing was asked of Redis. */
export class StreamArgumentError extends RedisKitError {
  readonly code = 'STREAM_ARGUMENT_INVALID';
}

/**
 * Somebody else appended first, or the history this append was decided on is not the one in Redis. Nothing was
 * written. Load again, decide again.
 */
export class ConcurrencyError extends RedisKitError {
  readonly code = 'STREAM_CONCURRENCY';

  /**
   * @param expected the version the append asked for.
   * @param actual the version the stream has; 0: there is no such stream.
   * @param diverged the versions are the same and the events are not: a failover lost some that were decided on.
   */
  constructor(
    readonly stream: string,
    readonly expected: ExpectedVersion,
    readonly actual: number,
    readonly diverged = false,
  ) {
    super(
      diverged
        ? `Stream '${stream}' has another history than the one this append was decided on: its event at version ` +
            `${actual} is not the expected one. A failover lost events. Load it again and decide again.`
        : `Stream '${stream}' is at version ${actual}, and the append expected ${expected}. ` +
            'Somebody else appended meanwhile: load it again and decide again.',
    );
  }
}

/** Some of the events are in the stream already and others are not, or they are there in another order. */
export class EventIdReusedError extends RedisKitError {
  readonly code = 'STREAM_EVENT_ID_REUSED';

  constructor(readonly stream: string) {
    super(
      `Nothing was appended to stream '${stream}': some of the event ids are in it already, and not as this very list. ` +
        'A repeated append must have the same events in the same order; new events need new ids.',
    );
  }
}

/**
 * Redis did not answer whether the events were appended. Appending `events` again, which carry their ids, is safe: what
 * was appended is not appended twice.
 */
export class AppendOutcomeUnknownError extends RedisKitError {
  readonly code = 'STREAM_APPEND_OUTCOME_UNKNOWN';

  constructor(
    readonly stream: string,
    /** The events with the ids they were sent with. */
    readonly events: readonly { readonly id: string; readonly type: string }[],
    options: { cause: unknown },
  ) {
    super(
      `Redis did not answer whether ${events.length} event(s) were appended to stream '${stream}'. ` +
        "Append the error's `events` again with the same expected version: they carry their ids, so none is stored twice.",
      options,
    );
  }
}

/** The events are appended, and too few replicas have confirmed them in time. A failover now could lose them. */
export class AppendNotReplicatedError extends RedisKitError {
  readonly code = 'STREAM_APPEND_NOT_REPLICATED';

  constructor(
    readonly stream: string,
    readonly version: number,
    readonly replicas: number,
    readonly wanted: number,
    /** The events with the ids they were sent with; appending them again waits again and stores nothing twice. */
    readonly events: readonly { readonly id: string; readonly type: string }[],
  ) {
    super(
      `Stream '${stream}' is at version ${version}, but ${replicas} of ${wanted} replica(s) confirmed it in time. ` +
        'Do not append new events for the same decision; append these again to wait again.',
    );
  }
}

/** A category is divided into another number of partitions than this application was told. */
export class PartitionCountError extends RedisKitError {
  readonly code = 'STREAM_PARTITION_COUNT';

  constructor(
    readonly category: string,
    readonly stored: number,
    readonly configured: number,
  ) {
    super(
      `Category '${category}' has ${stored} partitions in Redis and ${configured} in this application. The number is ` +
        'fixed by the first append, because it decides where each stream is: leave the option out, or set the stored number.',
    );
  }
}

/** Nothing ever happened to an aggregate, so there is none. */
export class AggregateNotFoundError extends RedisKitError {
  readonly code = 'AGGREGATE_NOT_FOUND';

  constructor(
    readonly aggregate: string,
    readonly stream: string,
  ) {
    super(`There is no ${aggregate} '${stream}': its stream has no events.`);
  }
}

/** The payload of an event is not what its type says, is too large, or could not be brought to its current form. */
export class StreamPayloadError extends RedisKitError {
  readonly code = 'STREAM_PAYLOAD';

  constructor(
    readonly type: string,
    problem: string,
    options?: { cause?: unknown },
  ) {
    super(`Event '${type}': ${problem}`, options);
  }
}

/** The server may throw streams away when its memory is used up, so nothing is appended or processed there. */
export class EvictionError extends RedisKitError {
  readonly code = 'STREAM_EVICTION';

  constructor(
    readonly connection: string,
    readonly policy: string,
  ) {
    super(
      `Redis connection '${connection}' has maxmemory-policy ${policy}: it throws away streams when its memory is used ` +
        'up. Use noeviction, or set streams.allowEviction if losing events is acceptable.',
    );
  }
}

/** Another process is doing the work of `processOnce` right now. Let the event come again later. */
export class InboxBusyError extends RedisKitError {
  readonly code = 'STREAM_INBOX_BUSY';

  constructor(
    readonly scope: string,
    readonly eventId: string,
  ) {
    super(
      `Event '${eventId}' is being processed for '${scope}' elsewhere; let it come again later.`,
    );
  }
}

/** The work of `processOnce` was done, but took longer than its lease could be renewed: it may have been begun again. */
export class InboxLostError extends RedisKitError {
  readonly code = 'STREAM_INBOX_LOST';

  constructor(
    readonly scope: string,
    readonly eventId: string,
  ) {
    super(
      `The work of event '${eventId}' for '${scope}' was done, but its lease was lost meanwhile: another process may ` +
        'have begun it as well. Give it a longer lease.',
    );
  }
}
