import { toMs, type Duration } from '../core/duration.js';
import {
  Is,
  IsDuration,
  IsFlag,
  IsIntegerBetween,
  IsOneOf,
  IsText,
} from '../core/options/constraints.js';
import { Nested, NestedRecord } from '../core/options/nested.js';
import type { Durability } from './append-options.js';
import type { PayloadClass } from './event-type.js';

/** Most partitions of a category. */
const MOST_PARTITIONS = 256;

/** Options of one category of streams. */
export class CategoryOptions {
  /**
   * Into how many partitions its streams are divided: the most processes that can share an ordered group. Fixed by the
   * first append.
   * @default `streams.partitions`
   */
  @IsIntegerBetween(1, MOST_PARTITIONS)
  partitions?: number | undefined;
}

/** What an append waits for unless it says otherwise. */
export class DurabilityOptions implements Durability {
  /** So many replicas have confirmed it; 0 waits for none. */
  @IsIntegerBetween(0, 100)
  waitReplicas!: number;

  /**
   * Longest wait for them.
   * @default '1s'
   */
  @IsDuration({ min: 1, max: '1m' })
  timeout?: Duration | undefined;
}

/** Options of the event store and of what processes events: `forRoot({ streams })`. */
export class StreamsOptions {
  /**
   * Named connection.
   * @default 'default'
   */
  @IsText()
  connection?: string | undefined;

  /**
   * Into how many partitions a category is divided that has no option of its own.
   * @default 8
   */
  @IsIntegerBetween(1, MOST_PARTITIONS)
  partitions?: number | undefined;

  /** Categories by name, such as `order` for streams `order-42`. */
  @NestedRecord(() => CategoryOptions)
  categories?: Record<string, CategoryOptions> | undefined;

  /** Classes of payloads, each with `@EventType()`. */
  @Is(
    'a list of classes',
    (types) => Array.isArray(types) && types.every((type) => typeof type === 'function'),
  )
  eventTypes?: readonly PayloadClass[] | undefined;

  /**
   * How payloads are stored: as JSON, which any program reads, or as MessagePack, which keeps dates, maps and the like.
   * What is stored can be read either way.
   * @default 'json'
   */
  @IsOneOf(['json', 'msgpack'])
  format?: 'json' | 'msgpack' | undefined;

  /**
   * Largest payload of an event, and of a snapshot, in bytes.
   * @default 262144
   */
  @IsIntegerBetween(256, 16 * 1024 * 1024)
  maxEventBytes?: number | undefined;

  /** What an append waits for. */
  @Nested(() => DurabilityOptions)
  durability?: DurabilityOptions | undefined;

  /**
   * How many event ids of a stream are remembered, at least: how far back an append with expected version `any` or
   * `exists` is known to be a repeated one.
   * @default 1000
   */
  @IsIntegerBetween(1_000, 100_000)
  idWindow?: number | undefined;

  /**
   * Works with a server that may throw streams away when its memory is used up.
   * @default false
   */
  @IsFlag()
  allowEviction?: boolean | undefined;

  /**
   * Whether this process runs its `@StreamHandler` methods.
   * @default true
   */
  @IsFlag()
  process?: boolean | undefined;

  /**
   * How long a process that does not answer keeps its partitions, or the events it has taken.
   * @default '15s'
   */
  @IsDuration({ min: '200ms', max: '1h' })
  lease?: Duration | undefined;

  /**
   * How often somebody who waits for events asks, when no message told of any.
   * @default '2s'
   */
  @IsDuration({ min: '50ms', max: '1m' })
  poll?: Duration | undefined;
}

export interface ResolvedStreamsOptions {
  readonly connection: string;
  readonly partitions: number;
  readonly categories: ReadonlyMap<string, number | undefined>;
  readonly eventTypes: readonly PayloadClass[];
  readonly format: 'json' | 'msgpack';
  readonly maxEventBytes: number;
  readonly durability: { readonly replicas: number; readonly timeoutMs: number };
  readonly idWindow: number;
  readonly allowEviction: boolean;
  readonly process: boolean;
  readonly leaseMs: number;
  readonly pollMs: number;
}

export function resolveStreamsOptions(options: StreamsOptions = {}): ResolvedStreamsOptions {
  return {
    connection: options.connection ?? 'default',
    partitions: options.partitions ?? 8,
    categories: new Map(
      Object.entries(options.categories ?? {}).map(([name, { partitions }]) => [name, partitions]),
    ),
    eventTypes: options.eventTypes ?? [],
    format: options.format ?? 'json',
    maxEventBytes: options.maxEventBytes ?? 262_144,
    durability: {
      replicas: options.durability?.waitReplicas ?? 0,
      timeoutMs: toMs(options.durability?.timeout ?? '1s'),
    },
    idWindow: options.idWindow ?? 1_000,
    allowEviction: options.allowEviction ?? false,
    process: options.process ?? true,
    leaseMs: toMs(options.lease ?? '15s'),
    pollMs: toMs(options.poll ?? '2s'),
  };
}
