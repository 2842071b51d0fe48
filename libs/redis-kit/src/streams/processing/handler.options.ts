import { toMs, type Duration } from '../../core/duration.js';
import {
  Is,
  IsDuration,
  IsIntegerBetween,
  IsOneOf,
  IsText,
  Required,
} from '../../core/options/constraints.js';
import { validateOptions } from '../../core/options/validate-options.js';
import { ConfigurationError, RedisKitError } from '../../core/redis-kit.error.js';
import { assertCategory, assertGroup, categoryOf } from '../stream-name.js';
import type { GroupTerms } from './handler-group.js';

/** Options of `@StreamHandler`. Handlers of the same group and source share what is handled: give their terms alike. */
export class StreamHandlerOptions {
  /** Handles all streams of a category, such as `order`. */
  @IsText()
  category?: string | undefined;

  /** Handles one stream, such as `order-42`. Instead of `category`. */
  @IsText()
  stream?: string | undefined;

  /** Every group gets every event once. */
  @Required('the name of a consumer group')
  @IsText()
  group!: string;

  /**
   * Types of events; the others count as handled.
   * @default all
   */
  @Is(
    'a type of events, or a list of such',
    (type) => [type].flat().length > 0 && [type].flat().every((one) => typeof one === 'string'),
  )
  type?: string | readonly string[] | undefined;

  /**
   * Where a group begins that does not exist yet.
   * @default 'start'
   */
  @IsOneOf(['start', 'end'])
  from?: 'start' | 'end' | undefined;

  /**
   * How many events of the group this process handles at once; those of one stream never are.
   * @default 10
   */
  @IsIntegerBetween(1, 10_000)
  concurrency?: number | undefined;

  /**
   * How often the handling of an event is repeated before it becomes a dead letter.
   * @default 5
   */
  @IsIntegerBetween(0, 1_000)
  retries?: number | undefined;

  /**
   * Pause before the first repetition; it doubles with each.
   * @default '200ms'
   */
  @IsDuration({ min: 1, max: '1h' })
  backoff?: Duration | undefined;

  /**
   * Longest pause between two repetitions.
   * @default '1m'
   */
  @IsDuration({ min: 1, max: '1d' })
  maxBackoff?: Duration | undefined;
}

/** @throws ConfigurationError naming what is wrong. */
export function resolveHandlerOptions(
  input: StreamHandlerOptions,
  path: string,
): { terms: GroupTerms; types: ReadonlySet<string> | undefined } {
  const options = validateOptions(StreamHandlerOptions, input, path);
  const { stream, group, type } = options;
  if ((options.category === undefined) === (stream === undefined)) {
    throw new ConfigurationError(`${path} needs either a category or a stream.`);
  }
  const category = checked(path, () => {
    assertGroup(group);
    if (stream !== undefined) return categoryOf(stream);
    assertCategory(options.category!);
    return options.category!;
  });
  const backoffMs = toMs(options.backoff ?? '200ms');
  return {
    types: type === undefined ? undefined : new Set([type].flat()),
    terms: {
      category,
      stream,
      group,
      from: options.from ?? 'start',
      concurrency: options.concurrency ?? 10,
      attempts: (options.retries ?? 5) + 1,
      backoffMs,
      maxBackoffMs: Math.max(backoffMs, toMs(options.maxBackoff ?? '1m')),
    },
  };
}

function checked(path: string, check: () => string): string {
  try {
    return check();
  } catch (error) {
    if (!(error instanceof RedisKitError)) throw error;
    throw new ConfigurationError(`${path}: ${error.message}`, { cause: error });
  }
}
