import { isConnectivityError } from '../core/failsafe/connectivity.js';
import { RedisUnavailableError } from '../core/redis-kit.error.js';
import { safeMessage } from '../core/redact.js';
import type { AppendResult, ExpectedVersion } from './append-options.js';
import type { NewEvent } from './event.js';
import type { IdentifiedEvent } from './event-codec.js';
import { categoryOf } from './stream-name.js';
import type { AppendReply } from './stores/event-storage.js';
import {
  AppendOutcomeUnknownError,
  ConcurrencyError,
  EventIdReusedError,
  PartitionCountError,
  StreamArgumentError,
} from './streams.errors.js';

/** More overflow the stack of Lua, and hold up the server for too long. */
const MOST_EVENTS = 1_000;
/** Replies of a server that ran nothing and may run it later, or elsewhere. */
const NOT_RUN = /^(READONLY|NOREPLICAS|MISCONF|MOVED|ASK|TRYAGAIN|OOM)\b/;

/** A number that a read can begin or end with. */
export const isVersion = (value: number): boolean =>
  value === Infinity || (Number.isSafeInteger(value) && value > 0);

/** @throws StreamArgumentError */
export function assertEvents(events: NewEvent | readonly NewEvent[]): readonly NewEvent[] {
  const list = [events].flat() as NewEvent[];
  const areEvents = list.every((event) => typeof event === 'object' && event !== null);
  if (areEvents && list.length > 0 && list.length <= MOST_EVENTS) return list;
  throw new StreamArgumentError(
    `An append takes 1 to ${MOST_EVENTS} events, each an object with a type and data.`,
  );
}

/** @throws StreamArgumentError */
export function assertExpected(expected: ExpectedVersion = 'any'): ExpectedVersion {
  const isWord = expected === 'any' || expected === 'no-stream' || expected === 'exists';
  if (isWord || (Number.isSafeInteger(expected) && (expected as number) >= 0)) return expected;
  throw new StreamArgumentError(
    "expectedVersion is a whole number from 0, 'any', 'no-stream' or 'exists'.",
  );
}

/** @throws what the reply means, when nothing was appended. */
export function resultOf(
  stream: string,
  partitions: number,
  expected: ExpectedVersion,
  reply: AppendReply,
): Omit<AppendResult, 'replicas'> {
  switch (reply.outcome) {
    case 'appended':
    case 'duplicate': {
      const { version, lastEventId } = reply;
      const isDuplicate = reply.outcome === 'duplicate';
      const position = isDuplicate ? undefined : reply.position;
      return { stream, version, lastEventId, isDuplicate, position };
    }
    case 'reused':
      throw new EventIdReusedError(stream);
    case 'partitions':
      throw new PartitionCountError(categoryOf(stream), reply.stored, partitions);
    default:
      throw new ConcurrencyError(stream, expected, reply.actual, reply.outcome === 'diverged');
  }
}

/** What a failure says about the append. */
export function explain(
  stream: string,
  events: readonly IdentifiedEvent[],
  error: unknown,
): unknown {
  if (isConnectivityError(error)) {
    return new AppendOutcomeUnknownError(stream, events, { cause: error });
  }
  const message = safeMessage(error);
  if (!NOT_RUN.test(message)) return error;
  return new RedisUnavailableError(
    `Nothing was appended to stream '${stream}': ${message}. Append it again later.`,
    { cause: error },
  );
}
