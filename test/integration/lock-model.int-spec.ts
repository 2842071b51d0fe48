import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { Redis } from 'ioredis';
import { isolatedNamespace, RedisServer } from 'nestjs-redis-kit/testing';
import { runScript } from '../../libs/redis-kit/src/core/scripts/script-runner.js';
import * as scripts from '../../libs/redis-kit/src/lock/lock.scripts.js';
import { LockModel, type ModelRequest } from '../support/lock-model.js';

const HOUR_MS = 3_600_000;
/** What ends between two steps of the clock, and what ends after one and after two. */
const SPANS = [0.5 * HOUR_MS, 1.5 * HOUR_MS, 2.5 * HOUR_MS];
const CLAIM_MS = 0.5 * HOUR_MS;
const RUNS = 100;
const PROCESSES = ['p0', 'p1', 'p2'];
/** The one that does not listen: it may be dead. */
const DEAF = 'p2';

let server: RedisServer;
let redis: Redis;
let listener: Redis;
beforeAll(async () => {
  server = await RedisServer.start();
  redis = server.client();
  listener = server.connect();
});
afterAll(() => server.stop());

/** One lock in Redis beside one in memory. Numbers of the two clocks are compared by their order. */
class Pair {
  readonly #lock = `${isolatedNamespace()}:{lock}`;
  readonly #keys = {
    lock: this.#lock,
    queue: `${this.#lock}:queue`,
    processes: `${this.#lock}:processes`,
    cancelled: `${this.#lock}:cancelled`,
  };
  readonly #channels = `${this.#lock}:`;
  readonly #told: string[] = [];
  readonly #heard: string[] = [];
  /** Of the model, and what they are in Redis. */
  readonly #fences = new Map<number, number>();
  readonly #tickets = new Map<number, number>();
  #micros = 1;
  readonly #model: LockModel;
  readonly ids: string[] = [];
  #onEnd: () => void = () => undefined;

  constructor(private readonly counts: boolean) {
    this.#model = new LockModel(
      () => this.#micros,
      CLAIM_MS,
      (process, id) => {
        if (process === DEAF) return !this.counts;
        this.#told.push(`${process} ${id}`);
        return true;
      },
    );
  }

  async run(steps: readonly Step[]): Promise<void> {
    listener.on('message', this.#hear);
    const names = [...PROCESSES, 'end'].filter((name) => name !== DEAF);
    await listener.subscribe(...names.map((name) => this.#channels + name));
    try {
      for (const step of steps) {
        await step(this);
        this.#micros += 1;
        expect(
          await Promise.all(Object.values(this.#keys).map((key) => redis.pttl(key))),
        ).not.toContain(-1);
      }
      const ended = new Promise<void>((resolve) => (this.#onEnd = resolve));
      await redis.publish(`${this.#channels}end`, '');
      await ended;
      expect(this.#heard).toEqual(this.#told);
      this.#checkOrder(this.#fences);
      this.#checkOrder(this.#tickets);
    } finally {
      listener.off('message', this.#hear);
      await listener.unsubscribe();
    }
  }

  readonly #hear = (channel: string, message: string): void => {
    const process = channel.slice(this.#channels.length);
    if (process === 'end') return this.#onEnd();
    const [id, fence, claimMs] = message.split('|');
    expect([Number(fence) > 0, Number(claimMs)]).toEqual([true, CLAIM_MS]);
    this.#heard.push(`${process} ${id}`);
  };

  newId(process: string, delayMs: number): string {
    const id = `${process}~${this.ids.length}~${delayMs}`;
    this.ids.push(id);
    return id;
  }

  async take(id: string, leaseMs: number): Promise<void> {
    const expected = this.#model.take(id, leaseMs);
    const args = { id, leaseMs, delayMs: id.split('~')[2]! };
    const found = await runScript(redis, scripts.takeLock, { lock: this.#lock }, args);
    expect(found === undefined).toBe(expected === undefined);
    if (expected !== undefined) this.#note(this.#fences, expected, found!);
  }

  /** With the fence of any grant so far. */
  async handBack(id: string, at: number): Promise<void> {
    const [expected, fence] = [...this.#fences][at % Math.max(1, this.#fences.size)] ?? [0, 0];
    const args = { id, fence };
    expect(await runScript(redis, scripts.handBackLock, { lock: this.#lock }, args)).toBe(
      this.#model.handBack(id, expected),
    );
  }

  /** @returns the ticket, in the model's numbers. */
  async acquire(request: ModelRequest): Promise<number | undefined> {
    const { waits, ticket } = request;
    const expected = this.#model.acquire(request);
    const found = await runScript(redis, scripts.acquireLock, this.#keys, {
      ...this.#handOver,
      ...request,
      waits: waits ? 1 : 0,
      ticket: ticket === undefined ? '' : this.#tickets.get(ticket)!,
    });
    expect(found.outcome).toBe(expected.outcome);
    if ('freeInMs' in expected && 'freeInMs' in found) {
      expect(inHours(found.freeInMs)).toBe(inHours(expected.freeInMs));
    }
    if (expected.outcome === 'granted' && found.outcome === 'granted') {
      this.#note(this.#fences, expected.fence, found.fence);
    }
    if (expected.outcome !== 'queued' || found.outcome !== 'queued') return undefined;
    this.#note(this.#tickets, expected.ticket, found.ticket);
    return expected.ticket;
  }

  async release(id: string, tombstone: boolean): Promise<void> {
    const args = { ...this.#handOver, id, tombstone: tombstone ? 1 : 0 };
    expect(await runScript(redis, scripts.releaseLock, this.#keys, args)).toBe(
      this.#model.release(id, tombstone),
    );
  }

  async touch(process: string, aliveMs: number): Promise<void> {
    const expected = this.#model.touch(process, aliveMs, this.ids);
    const args = { ...this.#handOver, process, aliveMs, ids: this.ids };
    const found = await runScript(redis, scripts.touchLock, this.#keys, args);
    expect(found.standings.map(Math.sign)).toEqual(expected.map(Math.sign));
    expect(inHours(found.freeInMs)).toBe(inHours(this.#model.freeInMs));
    expected.forEach((fence, at) => {
      if (fence > 0) this.#note(this.#fences, fence, found.standings[at]!);
    });
  }

  async renew(id: string, leaseMs: number): Promise<void> {
    const [found] = await runScript(
      redis,
      scripts.renewLocks,
      { locks: [this.#lock] },
      { terms: [id, leaseMs] },
    );
    expect(found).toBe(this.#model.renew(id, leaseMs));
  }

  /** Lets an hour pass: on the model's clock; and in Redis, whose clock nobody can set, by making all that was noted an hour older. */
  async hour(): Promise<void> {
    this.#micros += HOUR_MS * 1_000;
    this.#model.forgetCancelled();
    await redis.del(this.#keys.cancelled);
    const [owner, fence, expiry, ...rest] = (await redis.get(this.#lock))?.split('|') ?? [''];
    if (owner !== '') {
      const earlier = [owner, fence, Number(expiry) - HOUR_MS, ...rest].join('|');
      await redis.set(this.#lock, earlier, 'KEEPTTL');
    }
    for (const [process, until] of Object.entries(await redis.hgetall(this.#keys.processes))) {
      const earlier = Number(until) < 0 ? HOUR_MS : -HOUR_MS;
      await redis.hincrby(this.#keys.processes, process, earlier);
    }
  }

  get #handOver() {
    return { claimMs: CLAIM_MS, channels: this.#channels, counts: this.counts ? 1 : 0 };
  }

  #note(numbers: Map<number, number>, expected: number, found: number): void {
    expect(numbers.get(expected) ?? found).toBe(found);
    numbers.set(expected, found);
  }

  #checkOrder(numbers: Map<number, number>): void {
    const found = [...numbers].sort(([a], [b]) => a - b).map(([, number]) => number);
    expect(found).toEqual([...new Set(found)].sort((a, b) => a - b));
  }
}

const inHours = (ms: number): number => Math.ceil(ms / HOUR_MS);

type Step = (pair: Pair) => Promise<unknown>;

const anyId = fc.nat().map((at) => (pair: Pair) => pair.ids[at % pair.ids.length] ?? 'p0~none~0');
const span = fc.constantFrom(...SPANS);
const alive = fc.constantFrom(...SPANS, ...SPANS, -SPANS[1]!);
const process = fc.constantFrom(...PROCESSES);
const delay = fc.constantFrom(0, 0, HOUR_MS);
const request = fc.record({
  leaseMs: span,
  aliveMs: alive,
  waits: fc.constantFrom(true, true, false),
});

const STEPS: { weight: number; arbitrary: fc.Arbitrary<Step> }[] = [
  {
    weight: 3,
    arbitrary: fc.tuple(process, delay, span).map(
      ([process, delayMs, leaseMs]) =>
        (pair) =>
          pair.take(pair.newId(process, delayMs), leaseMs),
    ),
  },
  {
    weight: 3,
    arbitrary: fc.tuple(anyId, fc.nat()).map(
      ([id, at]) =>
        (pair) =>
          pair.handBack(id(pair), at),
    ),
  },
  {
    weight: 6,
    arbitrary: fc.tuple(process, delay, request).map(
      ([process, delayMs, request]) =>
        (pair) =>
          pair.acquire({ ...request, id: pair.newId(process, delayMs) }),
    ),
  },
  // A retry, a confirmation, or one that comes after its cancel.
  {
    weight: 3,
    arbitrary: fc.tuple(anyId, request).map(
      ([id, request]) =>
        (pair) =>
          pair.acquire({ ...request, id: id(pair) }),
    ),
  },
  // A place that is presented again, with a new id.
  {
    weight: 2,
    arbitrary: fc.tuple(process, request).map(([process, request]) => async (pair) => {
      const id = pair.newId(process, 0);
      const ticket = await pair.acquire({ ...request, id });
      await pair.release(id, true);
      await pair.acquire({ ...request, id: pair.newId(process, 0), ticket });
    }),
  },
  {
    weight: 5,
    arbitrary: fc.tuple(anyId, fc.boolean()).map(
      ([id, tombstone]) =>
        (pair) =>
          pair.release(id(pair), tombstone),
    ),
  },
  {
    weight: 4,
    arbitrary: fc.tuple(process, alive).map(
      ([process, aliveMs]) =>
        (pair) =>
          pair.touch(process, aliveMs),
    ),
  },
  {
    weight: 2,
    arbitrary: fc.tuple(anyId, span).map(
      ([id, leaseMs]) =>
        (pair) =>
          pair.renew(id(pair), leaseMs),
    ),
  },
  { weight: 2, arbitrary: fc.constant((pair) => pair.hour()) },
];

describe('the scripts of a lock', () => {
  it('do what their model in memory does, whatever comes in whatever order', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.boolean(),
        fc.array(fc.oneof(...STEPS), { minLength: 5, maxLength: 60 }),
        (counts, steps) => new Pair(counts).run(steps),
      ),
      { numRuns: RUNS },
    );
  });
});
