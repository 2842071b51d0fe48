import 'reflect-metadata';
import { injectProperty } from '../../core/method-decorator.js';
import { resolveHandlerOptions, type StreamHandlerOptions } from './handler.options.js';

/** Under which an instance finds the processor; it also makes Nest refuse the class when the module is missing. */
export const EVENT_PROCESSOR = Symbol('redis-kit:event-processor');

const HANDLERS = Symbol('redis-kit:stream-handlers');

export interface DecoratedHandler {
  readonly method: string | symbol;
  readonly options: StreamHandlerOptions;
}

/**
 * Calls a method of a provider with each event of a category or stream, in one process of all that run the group, in order
 * within each stream, at least once. What it throws is tried again, and becomes a dead letter in the end.
 *
 * A class that uses it does not start without `RedisKitModule`.
 *
 * @throws ConfigurationError at once when the options are wrong.
 */
export function StreamHandler(options: StreamHandlerOptions) {
  return (prototype: object, method: string | symbol): void => {
    resolveHandlerOptions(options, `@StreamHandler of ${String(method)}()`);
    injectProperty(prototype, EVENT_PROCESSOR);
    const own = [...handlersOf(prototype), { method, options }];
    Reflect.defineMetadata(HANDLERS, own, prototype);
  };
}

/** Those of a class, and of the classes it extends. */
export function handlersOf(prototype: object): readonly DecoratedHandler[] {
  return (Reflect.getMetadata(HANDLERS, prototype) as DecoratedHandler[] | undefined) ?? [];
}
