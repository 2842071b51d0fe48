import 'reflect-metadata';
import type { Type } from '@nestjs/common';
import { injectProperty } from '../core/method-decorator.js';
import { ConfigurationError } from '../core/redis-kit.error.js';
import { checkPatterns } from './event-name.js';
import type { EventHandlerOptions } from './handler.options.js';
import type { RedisEvent } from './incoming-event.js';

/** Under which an instance finds the bus: a class whose module is missing fails at boot. */
export const EVENT_BUS = Symbol('redis-kit:event-bus');
const HANDLERS = Symbol('redis-kit:event-handlers');

export interface OnRedisEventOptions<T extends object = object> extends Omit<
  EventHandlerOptions,
  'payload'
> {
  /** A class with the checks of class-validator. A payload that does not pass is refused and counted. */
  readonly payload?: Type<T> | undefined;
  /** The method of the same class that is called with an `EventGap` when events may be missing. */
  readonly onGap?: string | undefined;
}

/** A decorated method. */
export interface DeclaredHandler {
  readonly method: string | symbol;
  readonly patterns: readonly string[];
  readonly options: OnRedisEventOptions;
}

type HandlerMethod<T> = (payload: T, event: RedisEvent) => unknown;

/**
 * Calls a method of a provider or controller for each event whose name matches one of the patterns, in every process:
 * `@OnRedisEvent('orders.*') onOrder(payload, event)`. Subscriptions are confirmed before the application listens. What the method
 * throws is counted and announced as `bus.handler-failed`.
 */
export function OnRedisEvent<T extends object = never>(
  patterns: string | readonly string[],
  options: OnRedisEventOptions<T> = {},
) {
  const list = checkPatterns(patterns);
  return <M extends HandlerMethod<[T] extends [never] ? never : T>>(
    prototype: object,
    method: string | symbol,
    _descriptor: TypedPropertyDescriptor<M>,
  ): void => {
    const known = handlersOf(prototype.constructor);
    if (Object.hasOwn(prototype, method) && known.some((one) => one.method === method)) {
      throw new ConfigurationError(
        `${String(method)}() is @OnRedisEvent twice. Give one decorator the list of patterns, so that it is called once per event.`,
      );
    }
    injectProperty(prototype, EVENT_BUS);
    const declared: DeclaredHandler = { method, patterns: list, options };
    Reflect.defineMetadata(HANDLERS, [...known, declared], prototype.constructor);
  };
}

/** The decorated methods of a class, those of its parents included. */
export const handlersOf = (type: object): readonly DeclaredHandler[] =>
  (Reflect.getMetadata(HANDLERS, type) as readonly DeclaredHandler[] | undefined) ?? [];
