import { isDeepStrictEqual } from 'node:util';
import type { OnApplicationBootstrap } from '@nestjs/common';
import type { ModulesContainer } from '@nestjs/core';
import { ConfigurationError } from '../../core/redis-kit.error.js';
import type { EventCodec } from '../event-codec.js';
import { ordinalOf } from '../log-position.js';
import type { GroupPlace } from '../stores/group-storage.js';
import { GroupRunner, type RunnerParts } from './group-runner.js';
import { HandlerGroup, type EventHandler } from './handler-group.js';
import { resolveHandlerOptions, type StreamHandlerOptions } from './handler.options.js';
import { EVENT_PROCESSOR, handlersOf } from './stream-handler.decorator.js';

/** How far a group is in one partition. */
export interface PartitionStatus {
  readonly partition: number;
  /** Events that were not handed out yet; null when that cannot be known: there is no such group yet, or it reads one stream. */
  readonly lag: number | null;
  /** Events that were handed out and are not handled. */
  readonly pending: number;
  /** Of the process that owns it now; undefined: none does. */
  readonly owner: string | undefined;
  readonly deadLetters: number;
}

/**
 * Runs what is decorated with `@StreamHandler`, and what `handle` is given.
 *
 * Each partition of a group has one owner among all processes; when it dies, another takes over after its lease. Events are
 * handled at least once, those of a stream one after the other. It goes on through outages until the application ends.
 */
export class EventProcessor implements OnApplicationBootstrap {
  readonly #groups = new Map<string, { handlers: HandlerGroup; runner: GroupRunner }>();
  #isStarted = false;
  #isStopping = false;

  /** @internal Nest makes it. */
  constructor(
    private readonly codec: EventCodec,
    private readonly parts: RunnerParts,
    private readonly modules: ModulesContainer,
  ) {}

  /**
   * Has a function handle events, as a decorated method would.
   *
   * @throws ConfigurationError when the options are wrong, or differ from those of another handler of the group.
   */
  handle(options: StreamHandlerOptions, handler: EventHandler): void {
    this.#add(options, 'EventProcessor.handle()', handler);
  }

  /** How far a group is, by partition. */
  async status(source: {
    category?: string;
    stream?: string;
    group: string;
  }): Promise<PartitionStatus[]> {
    const { terms } = resolveHandlerOptions(source, 'EventProcessor.status()');
    const { category, stream, group } = terms;
    const { partitions, groups } = this.parts;
    const places =
      stream === undefined
        ? await partitions.places(category)
        : [(await partitions.find(stream)).place];
    return Promise.all(
      places.map(async ({ partition }) => {
        const at: GroupPlace = { category, partition, group, stream };
        const { ordinal, delivered, pending, ...state } = await groups.status(at);
        const isKnown = delivered !== '' && stream === undefined;
        return {
          partition,
          lag: isKnown ? Math.max(0, ordinal - ordinalOf(delivered)) : null,
          pending,
          owner: state.leaseLeftMs > 0 && state.owner !== '' ? state.owner : undefined,
          deadLetters: state.deadLetters,
        };
      }),
    );
  }

  /** @internal */
  onApplicationBootstrap(): void {
    for (const module of this.modules.values()) {
      const wrappers = [...module.providers.values(), ...module.controllers.values()];
      for (const { instance, metatype, isAlias } of wrappers) {
        const prototype = (metatype as { prototype?: object } | null)?.prototype;
        if (isAlias || !prototype) continue;
        const decorated = handlersOf(prototype);
        if (decorated.length > 0) this.#adopt(prototype, instance as object | undefined);
      }
    }
    this.#isStarted = true;
    if (this.parts.options.process) for (const { runner } of this.#groups.values()) runner.start();
  }

  /** @internal Takes no new events. */
  stop(): void {
    this.#isStopping = true;
    for (const { runner } of this.#groups.values()) runner.stop();
  }

  /** @internal Resolves when the events in hand are handled. */
  async drain(): Promise<void> {
    this.stop();
    await Promise.all([...this.#groups.values()].map(({ runner }) => runner.ended()));
  }

  #adopt(prototype: object, instance: object | undefined): void {
    const name = prototype.constructor.name;
    // Without the processor in it, Nest has not made it yet: it is made anew for each request.
    if (!instance || !(EVENT_PROCESSOR in instance)) {
      throw new ConfigurationError(
        `${name} has @StreamHandler methods, so it must be a singleton: events come without a request.`,
      );
    }
    for (const { method, options } of handlersOf(prototype)) {
      const run = (instance as Record<string | symbol, EventHandler>)[method]!.bind(instance);
      this.#add(options, `@StreamHandler of ${name}.${String(method)}()`, run);
    }
  }

  #add(options: StreamHandlerOptions, path: string, run: EventHandler): void {
    const { terms, types } = resolveHandlerOptions(options, path);
    const id = `${terms.stream ?? terms.category}|${terms.group}`;
    let group = this.#groups.get(id);
    if (!group) {
      const handlers = new HandlerGroup(terms, this.codec, this.parts.events);
      group = { handlers, runner: new GroupRunner(handlers, this.parts) };
      this.#groups.set(id, group);
    } else if (!isDeepStrictEqual(group.handlers.terms, terms)) {
      throw new ConfigurationError(
        `${path} has other terms than another handler of group '${terms.group}': what is handled is counted for the ` +
          'group, so from, concurrency, retries and backoff are the same for all of its handlers.',
      );
    }
    group.handlers.handlers.push({ types, run });
    const isRunning = this.#isStarted && !this.#isStopping && this.parts.options.process;
    if (isRunning) group.runner.start();
  }
}
