import type { Type } from '@nestjs/common';
import { Is, IsFlag, IsIntegerBetween, IsOneOf } from '../core/options/constraints.js';
import { validateOptions } from '../core/options/validate-options.js';
import type { EventGap } from './gap.js';

const MOST_WAITING = 1_000_000;
const MOST_AT_ONCE = 1_000;

const isFunction = (value: unknown): boolean => typeof value === 'function';

/** Options of one handler, wherever it is. */
export class EventHandlerOptions {
  /**
   * `transient`: hears what is published while it is connected. `recoverable`: what it misses of events that are kept is
   * read from the history and handled in order, and what cannot be is told to `onGap`.
   * @default 'transient'
   */
  @IsOneOf(['transient', 'recoverable'])
  delivery?: 'transient' | 'recoverable' | undefined;

  /** A class with the checks of class-validator. A payload that does not pass is refused and counted. */
  @Is('a class', isFunction)
  payload?: Type<object> | undefined;

  /**
   * Most events that wait for it.
   * @default 1000
   */
  @IsIntegerBetween(1, MOST_WAITING)
  queue?: number | undefined;

  /**
   * Which event falls out when its queue is full. A recoverable handler is told by `onGap`.
   * @default 'drop-oldest'
   */
  @IsOneOf(['drop-oldest', 'drop-newest'])
  whenFull?: 'drop-oldest' | 'drop-newest' | undefined;

  /**
   * How many events it handles at a time. Those with the same key are always handled one after the other.
   * @default 1
   */
  @IsIntegerBetween(1, MOST_AT_ONCE)
  concurrency?: number | undefined;

  /**
   * Leave out what this process published itself.
   * @default false
   */
  @IsFlag()
  ignoreOwn?: boolean | undefined;
}

/** Options of `RedisEventBus.subscribe`. */
export class SubscribeOptions extends EventHandlerOptions {
  /** What to do when events may be missing; it is awaited before later ones are handled. */
  @Is('a function', isFunction)
  onGap?: ((gap: EventGap) => unknown) | undefined;

  /** How it is named in events and statistics. @default the patterns */
  @Is('text', (name) => typeof name === 'string')
  name?: string | undefined;
}

export interface ResolvedHandlerOptions {
  readonly delivery: 'transient' | 'recoverable';
  readonly payload: Type<object> | undefined;
  readonly queue: number;
  readonly whenFull: 'drop-oldest' | 'drop-newest';
  readonly concurrency: number;
  readonly ignoreOwn: boolean;
  readonly onGap: ((gap: EventGap) => unknown) | undefined;
}

/** @throws ConfigurationError listing every wrong option. */
export function resolveSubscribeOptions(
  options: SubscribeOptions,
  path: string,
): ResolvedHandlerOptions {
  const {
    delivery = 'transient',
    payload,
    queue = 1_000,
    whenFull = 'drop-oldest',
    concurrency = 1,
    ignoreOwn = false,
    onGap,
  } = validateOptions(SubscribeOptions, options, path);
  return { delivery, payload, queue, whenFull, concurrency, ignoreOwn, onGap };
}
