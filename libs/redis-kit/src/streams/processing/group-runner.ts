import { randomUUID } from 'node:crypto';
import type { RedisKitEvents } from '../../core/events.js';
import { safeMessage } from '../../core/redact.js';
import type { Partitions } from '../partitions.js';
import { Signal } from '../signal.js';
import type { EventStorage } from '../stores/event-storage.js';
import type { GroupPlace, GroupStorage } from '../stores/group-storage.js';
import type { ResolvedStreamsOptions } from '../streams.options.js';
import type { HandlerGroup } from './handler-group.js';
import { PartitionConsumer } from './partition-consumer.js';
import { Slots } from './slots.js';
import type { SoloGate } from './solo-gate.js';

export interface RunnerParts {
  readonly groups: GroupStorage;
  readonly storage: EventStorage;
  readonly partitions: Partitions;
  readonly events: RedisKitEvents;
  readonly options: ResolvedStreamsOptions;
  /** One for all groups of the process. */
  readonly gate: SoloGate;
}

const LONGEST_PAUSE_MS = 2_000;

/** Takes part in a group: owns a fair share of its partitions, and all of them when it is alone. */
export class GroupRunner {
  readonly #member = randomUUID();
  readonly #signal = new Signal();
  #consumers: PartitionConsumer[] = [];
  #owned = 0;
  #share = Infinity;
  #isStopping = false;
  #running: Promise<void> | undefined;

  constructor(
    private readonly handlers: HandlerGroup,
    private readonly parts: RunnerParts,
  ) {}

  start(): void {
    this.#running ??= this.#run();
  }

  stop(): void {
    this.#isStopping = true;
    this.#signal.set();
    for (const consumer of this.#consumers) consumer.stop();
  }

  /** Resolves when all partitions are given back. */
  async ended(): Promise<void> {
    await this.#running;
  }

  async #run(): Promise<void> {
    const places = await this.#places();
    const { events, groups, storage, options, gate } = this.parts;
    const slots = new Slots(this.handlers.terms.concurrency);
    this.#consumers = places.map(
      (place) =>
        new PartitionConsumer(place, {
          groups,
          storage,
          events,
          slots,
          gate,
          handlers: this.handlers,
          owner: this.#member,
          leaseMs: options.leaseMs,
          pollMs: options.pollMs,
          share: {
            mayTake: () => this.#owned < this.#share,
            mustGive: () => this.#owned > this.#share,
            took: () => (this.#owned += 1),
            gave: () => (this.#owned -= 1),
          },
        }),
    );
    const balancing = this.#balance(places.length);
    // Each process begins elsewhere, so that those that start together do not all ask for the same.
    const first = Math.floor(Math.random() * this.#consumers.length);
    const inTurn = [...this.#consumers.slice(first), ...this.#consumers.slice(0, first)];
    await Promise.all([balancing, ...inTurn.map((consumer) => consumer.run())]);
    await this.#join(0).catch(() => undefined);
  }

  /** Says that it is there, and learns how many share the partitions. */
  async #balance(partitions: number): Promise<void> {
    while (!this.#isStopping) {
      this.#signal.clear();
      try {
        const members = await this.#join(this.parts.options.leaseMs);
        const share = Math.ceil(partitions / Math.max(1, members));
        if (share !== this.#share) {
          this.#share = share;
          for (const consumer of this.#consumers) consumer.wake();
        }
      } catch (error) {
        this.#failed(error);
      }
      if (!this.#isStopping) await this.#signal.wait(this.parts.options.leaseMs / 3);
    }
  }

  async #join(ttlMs: number): Promise<number> {
    const { category, group, stream } = this.handlers.terms;
    const name = stream === undefined ? group : `${group}@${stream}`;
    return this.parts.groups.join(category, name, this.#member, ttlMs);
  }

  async #places(): Promise<GroupPlace[]> {
    const { category, stream, group } = this.handlers.terms;
    const { partitions } = this.parts;
    for (let pauseMs = 50; !this.#isStopping; pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS)) {
      try {
        const all =
          stream === undefined
            ? await partitions.places(category)
            : [(await partitions.find(stream)).place];
        return all.map(({ partition }) => ({ category, partition, group, stream }));
      } catch (error) {
        this.#failed(error);
        this.#signal.clear();
        if (!this.#isStopping) await this.#signal.wait(pauseMs);
      }
    }
    return [];
  }

  #failed(error: unknown): void {
    const { category, group } = this.handlers.terms;
    const message = safeMessage(error);
    this.parts.events.emit('stream.consumer-failed', { category, group, partition: -1, message });
  }
}
