import { Logger, type OnApplicationBootstrap } from '@nestjs/common';
import type { ModulesContainer } from '@nestjs/core';
import { withDeadline } from '../core/failsafe/deadline.js';
import { ConfigurationError } from '../core/redis-kit.error.js';
import { safeMessage } from '../core/redact.js';
import { handlersOf, type DeclaredHandler } from './on-redis-event.decorator.js';
import type { EventSubscription, RedisEventBus } from './redis-event-bus.js';

/** Longest wait for Redis to confirm the subscriptions at boot. */
const CONFIRMED_WITHIN_MS = 5_000;

type Wrapper =
  ReturnType<ModulesContainer['get']> extends infer M
    ? M extends { providers: Map<unknown, infer W> }
      ? W
      : never
    : never;

/** Subscribes the decorated methods of all providers and controllers, before the application listens. */
export class EventExplorer implements OnApplicationBootstrap {
  readonly #logger = new Logger('RedisKit');

  constructor(
    private readonly bus: RedisEventBus,
    private readonly modules: ModulesContainer,
    private readonly isRequired: boolean,
    /** Closes what was opened for an application that does not start after all. */
    private readonly abandon: () => Promise<void>,
  ) {}

  async onApplicationBootstrap(): Promise<void> {
    try {
      await this.#subscribeAll();
    } catch (error) {
      await this.abandon();
      throw error;
    }
  }

  async #subscribeAll(): Promise<void> {
    const found = new Map<object, readonly DeclaredHandler[]>();
    for (const { providers, controllers } of this.modules.values()) {
      for (const wrapper of [...providers.values(), ...controllers.values()] as Wrapper[]) {
        this.#explore(wrapper, found);
      }
    }
    const subscriptions = [...found].flatMap(([instance, declared]) =>
      declared.map((one) => this.#subscribe(instance, one)),
    );
    if (subscriptions.length === 0) return;
    const ready = Promise.all(subscriptions.map((subscription) => subscription.ready));
    try {
      await withDeadline('subscribing', CONFIRMED_WITHIN_MS, ready);
    } catch (error) {
      if (this.isRequired) throw error;
      this.#logger.warn(
        `Handlers of events are not subscribed yet: ${safeMessage(error)}. They will be as soon as Redis is there`,
      );
    }
  }

  /** Each instance once, under however many tokens it is provided. */
  #explore(wrapper: Wrapper, found: Map<object, readonly DeclaredHandler[]>): void {
    const instance = wrapper.instance as object | null | undefined;
    const type = wrapper.metatype ?? instance?.constructor;
    const declared = typeof type === 'function' ? handlersOf(classOf(instance) ?? type) : [];
    if (declared.length === 0) return;
    if (!wrapper.isDependencyTreeStatic() || wrapper.isTransient) {
      throw new ConfigurationError(
        `${String(wrapper.name)} has @OnRedisEvent methods, but is made anew for each request or user. Only providers that live as long as the application hear events.`,
      );
    }
    if (instance) found.set(instance, declared);
  }

  #subscribe(instance: object, { method, patterns, options }: DeclaredHandler): EventSubscription {
    const methods = instance as Record<string | symbol, (...args: unknown[]) => unknown>;
    const name = `${instance.constructor.name}.${String(method)}`;
    const { onGap, ...rest } = options;
    if (onGap !== undefined && typeof methods[onGap] !== 'function') {
      throw new ConfigurationError(
        `@OnRedisEvent of ${name}: its onGap '${onGap}' is no method of the class.`,
      );
    }
    return this.bus.subscribe(patterns, (...args) => methods[method]!(...args), {
      ...rest,
      name,
      ...(onGap !== undefined && { onGap: (gap) => methods[onGap]!(gap) }),
    });
  }
}

/** The class of an instance; a value that is none has no class to look at. */
const classOf = (instance: object | null | undefined): object | undefined =>
  instance && typeof instance === 'object'
    ? (instance.constructor as object | undefined)
    : undefined;
