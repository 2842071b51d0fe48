import { setTimeout as pause } from 'node:timers/promises';
import type { INestApplicationContext } from '@nestjs/common';
import { expect } from '@jest/globals';
import {
  RedisEventBus,
  RedisKitEvents,
  type EventGap,
  type EventsOptions,
  type RedisKitOptions,
} from 'nestjs-redis-kit';
import { eventually, isolatedNamespace } from 'nestjs-redis-kit/testing';
import { RedisConnections } from '../../libs/redis-kit/src/core/connections/redis-connections.js';
import { startApplication } from './application.js';

/** Events between two rounds of the publisher; the rest of the machine has to get its turn. */
const PACE_MS = 2;
const KEYS = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'];
const RECOVERED_WITHIN_MS = 60_000;

export const STREAM_EVENTS: EventsOptions = {
  recoverable: ['numbers'],
  checkEvery: '500ms',
  history: 100_000,
};

interface Numbered {
  readonly key: string;
  readonly number: number;
}

/** A process that publishes numbered events without end, and one that listens, while something goes wrong. */
export class EventStream {
  /** What Redis said it has. */
  readonly acknowledged = new Map<string, number[]>(KEYS.map((key) => [key, []]));
  readonly heard = new Map<string, number[]>(KEYS.map((key) => [key, []]));
  readonly passed = new Map<string, number[]>(KEYS.map((key) => [key, []]));
  readonly gaps: EventGap[] = [];
  readonly replaced: string[] = [];
  recovered = 0;
  unpublished = 0;
  #isPublishing = true;
  #next = 0;
  #publishing: Promise<void> | undefined;

  static async start(
    publisher: RedisKitOptions,
    subscriber: RedisKitOptions = publisher,
    events: EventsOptions = STREAM_EVENTS,
  ): Promise<EventStream> {
    const namespace = isolatedNamespace();
    const apps = [
      await startApplication({ ...publisher, namespace, events }),
      await startApplication({ ...subscriber, namespace, events }),
    ] as const;
    const stream = new EventStream(namespace, apps[0], apps[1]);
    await stream.#listen();
    return stream;
  }

  private constructor(
    readonly namespace: string,
    readonly publisher: INestApplicationContext,
    readonly subscriber: INestApplicationContext,
  ) {}

  /** The name of the connections that the subscriber listens with. */
  get linkName(): string {
    return `${this.namespace}:default:subscriber`;
  }

  get isListening(): boolean {
    return this.subscriber.get(RedisConnections).get().shardSubscriber.isListening;
  }

  /** Begins to publish; resolves when events get through. */
  async flow(): Promise<void> {
    this.#publishing = this.#publish();
    await this.heardMore(5);
  }

  /** Resolves when so many further events of each key were heard. */
  async heardMore(count: number): Promise<void> {
    const before = new Map([...this.heard].map(([key, numbers]) => [key, numbers.length]));
    await eventually(
      () => [...this.heard].every(([key, { length }]) => length >= before.get(key)! + count),
      { within: RECOVERED_WITHIN_MS },
    );
  }

  /** One event of each key, which has to be acknowledged; with so many bytes more. */
  async publishOnce(bytes = 0): Promise<void> {
    const number = this.#next;
    this.#next += 1;
    await Promise.all(KEYS.map((key) => this.#publishOne(key, number, 'x'.repeat(bytes))));
  }

  /** Ends the publisher, and waits until whatever came last has arrived. */
  async end(): Promise<void> {
    this.#isPublishing = false;
    await this.#publishing;
    await eventually(
      async () => {
        const last = this.#next;
        await this.publishOnce();
        await eventually(
          () => [...this.heard.values()].every((numbers) => numbers.includes(last)),
          {
            within: 5_000,
          },
        );
      },
      { within: RECOVERED_WITHIN_MS },
    );
  }

  async close(): Promise<void> {
    this.#isPublishing = false;
    await this.#publishing;
    await Promise.all([this.publisher.close(), this.subscriber.close()]);
  }

  /** Acknowledged events that the recoverable handler never got. */
  get missing(): number {
    return KEYS.reduce((sum, key) => {
      const heard = new Set(this.heard.get(key));
      return sum + this.acknowledged.get(key)!.filter((number) => !heard.has(number)).length;
    }, 0);
  }

  /** No event came twice, and those that were acknowledged came in order. */
  assertInOrderAndOnce(): void {
    for (const key of KEYS) {
      const heard = this.heard.get(key)!;
      expect(new Set(heard).size).toBe(heard.length);
      const acknowledged = new Set(this.acknowledged.get(key));
      const certain = heard.filter((number) => acknowledged.has(number));
      expect(certain).toEqual([...certain].sort((one, other) => one - other));
    }
  }

  async #listen(): Promise<void> {
    const bus = this.subscriber.get(RedisEventBus);
    const events = this.subscriber.get(RedisKitEvents);
    events.on('bus.recovered', (event) => (this.recovered += event.events));
    events.on('subscriber.replaced', ({ reason }) => this.replaced.push(reason));
    const subscriptions = [
      bus.subscribe<Numbered>(
        'numbers',
        ({ key, number }) => void this.heard.get(key)!.push(number),
        { delivery: 'recoverable', queue: 10_000, onGap: (gap) => void this.gaps.push(gap) },
      ),
      bus.subscribe<Numbered>('numbers', ({ key, number }) => {
        this.passed.get(key)!.push(number);
      }),
    ];
    await Promise.all(subscriptions.map(({ ready }) => ready));
  }

  async #publish(): Promise<void> {
    while (this.#isPublishing) {
      const number = this.#next;
      this.#next += 1;
      await Promise.all(
        KEYS.map((key) => this.#publishOne(key, number).catch(() => (this.unpublished += 1))),
      );
      await pause(PACE_MS);
    }
  }

  async #publishOne(key: string, number: number, padding = ''): Promise<void> {
    const bus = this.publisher.get(RedisEventBus);
    await bus.publish('numbers', { key, number, padding }, { key });
    this.acknowledged.get(key)!.push(number);
  }
}
