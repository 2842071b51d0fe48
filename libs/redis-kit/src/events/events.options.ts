import { toMs, type Duration } from '../core/duration.js';
import { Is, IsDuration, IsIntegerBetween, IsOneOf, IsText } from '../core/options/constraints.js';
import { isEventPattern, PATTERN_FORM } from './event-name.js';

const isPatterns = (value: unknown): boolean => Array.isArray(value) && value.every(isEventPattern);

/** Options of the event bus. Processes that talk to each other give the same. */
export class EventsOptions {
  /**
   * Named connection of the bus.
   * @default 'default'
   */
  @IsText()
  connection?: string | undefined;

  /**
   * Patterns of the events that are kept in the history, so that recoverable handlers do not miss them. A publisher can
   * decide otherwise for one event.
   * @default []
   */
  @Is(`a list of patterns: ${PATTERN_FORM}`, isPatterns)
  recoverable?: readonly string[] | undefined;

  /**
   * Largest payload in bytes, as it is sent. Larger ones are refused, on both sides.
   * @default 65536
   */
  @IsIntegerBetween(1, 16_777_216)
  maxPayload?: number | undefined;

  /**
   * How payloads are written: `msgpack` keeps Date, Map, Set and BigInt; `json` can be read by others. Both are read.
   * @default 'msgpack'
   */
  @IsOneOf(['msgpack', 'json'])
  format?: 'msgpack' | 'json' | undefined;

  /**
   * How many events each of the 32 partitions keeps, about.
   * @default 2000
   */
  @IsIntegerBetween(10, 1_000_000)
  history?: number | undefined;

  /**
   * How long the history of a partition is kept after its last event.
   * @default '1d'
   */
  @IsDuration({ min: '1s', max: '365d' })
  retention?: Duration | undefined;

  /**
   * How often a partition in which nothing happens is looked up, in case something was missed.
   * @default '5s'
   */
  @IsDuration({ min: '50ms', max: '10m' })
  checkEvery?: Duration | undefined;

  /**
   * Longest wait for Redis in `publish`. After it the call rejects, and the event may have been published.
   * @default '2s'
   */
  @IsDuration({ min: '10ms', max: '1m' })
  deadline?: Duration | undefined;
}

export interface ResolvedEventsOptions {
  readonly connection: string;
  readonly recoverable: readonly string[];
  readonly maxPayload: number;
  readonly format: 'msgpack' | 'json';
  readonly history: number;
  readonly retentionMs: number;
  readonly checkEveryMs: number;
  readonly deadlineMs: number;
}

export function resolveEventsOptions(options: EventsOptions = {}): ResolvedEventsOptions {
  return {
    connection: options.connection ?? 'default',
    recoverable: options.recoverable ?? [],
    maxPayload: options.maxPayload ?? 65_536,
    format: options.format ?? 'msgpack',
    history: options.history ?? 2_000,
    retentionMs: toMs(options.retention ?? '1d'),
    checkEveryMs: toMs(options.checkEvery ?? '5s'),
    deadlineMs: toMs(options.deadline ?? '2s'),
  };
}
