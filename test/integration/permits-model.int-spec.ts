import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { Redis } from 'ioredis';
import { isolatedNamespace, RedisServer } from 'nestjs-redis-kit/testing';
import { KeySpace } from '../../libs/redis-kit/src/core/key-space.js';
import { runScript } from '../../libs/redis-kit/src/core/scripts/script-runner.js';
import { PermitLedger } from '../../libs/redis-kit/src/lock/permit-ledger.js';
import { permitKeys } from '../../libs/redis-kit/src/lock/permit-key-set.js';
import * as scripts from '../../libs/redis-kit/src/lock/permit.scripts.js';
import type { PermitState } from '../../libs/redis-kit/src/lock/permit.scripts.js';

const HOUR_MS = 3_600_000;
/** What ends between two steps of the clock, and what ends after one and after two. */
const SPANS = [0.5 * HOUR_MS, 1.5 * HOUR_MS, 2.5 * HOUR_MS];
const CLAIM_MS = 0.5 * HOUR_MS;
const RUNS = 80;
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

/** One semaphore in Redis beside one in memory. Numbers of the two clocks are compared by their order. */
class Pair {
  readonly #namespace = isolatedNamespace();
  readonly #channels = `${this.#namespace}:`;
  readonly #keys = permitKeys(new KeySpace(this.#namespace), 'semaphore', 'pair');
  readonly #told: string[] = [];
  readonly #heard: string[] = [];
  readonly #fences = new Map<number, number>();
  readonly #tickets = new Map<number, number>();
  #micros = 1;
  readonly #ledger = new PermitLedger(
    () => this.#micros,
    (process, id) => {
      if (process === DEAF) return !this.counts;
      this.#told.push(`${process} ${id}`);
      return true;
    },
  );
  readonly ids: string[] = [];
  #onEnd: () => void = () => undefined;

  constructor(
    private readonly limit: number,
    private readonly counts: boolean,
  ) {}

  async run(steps: readonly Step[]): Promise<void> {
    listener.on('message', this.#hear);
    const names = [...PROCESSES, 'end'].filter((name) => name !== DEAF);
    await listener.subscribe(...names.map((name) => this.#channels + name));
    try {
      for (const step of steps) {
        await step(this);
        await this.#pass();
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

  newId(process: string, weight: number): string {
    const id = `${process}~${this.ids.length}~${weight}`;
    this.ids.push(id);
    return id;
  }

  /** @returns the ticket, in the ledger's numbers. */
  async acquire(
    id: string,
    request: { leaseMs: number; aliveMs: number; waits: boolean; ticket?: number },
  ) {
    const { waits, ticket } = request;
    const expected = this.#ledger.acquire({ ...this.#terms, ticket: undefined, ...request, id });
    const found = await runScript(redis, scripts.acquirePermits, this.#keys, {
      ...this.#args,
      ...request,
      id,
      waits: waits ? 1 : 0,
      ticket: ticket === undefined ? '' : this.#tickets.get(ticket)!,
    });
    this.#compare(expected, found);
    expect(found.outcome).toBe(expected.outcome);
    if (expected.outcome === 'granted') this.#note(this.#fences, expected.number, found.number);
    if (expected.outcome !== 'queued') return undefined;
    this.#note(this.#tickets, expected.number, found.number);
    return expected.number;
  }

  async release(id: string, tombstone: boolean): Promise<void> {
    const args = { ...this.#args, id, tombstone: tombstone ? 1 : 0 };
    expect(await runScript(redis, scripts.releasePermits, this.#keys, args)).toBe(
      this.#ledger.release(this.#terms, id, tombstone),
    );
  }

  async touch(process: string | undefined, aliveMs: number): Promise<void> {
    const expected = this.#ledger.touch(this.#terms, process, aliveMs, this.ids);
    const args = { ...this.#args, process: process ?? '', aliveMs, ids: this.ids };
    const found = await runScript(redis, scripts.touchPermits, this.#keys, args);
    this.#compare(expected, found);
    expect(found.standings.map(Math.sign)).toEqual(expected.standings.map(Math.sign));
    expected.standings.forEach((fence, at) => {
      if (fence > 0) this.#note(this.#fences, fence, found.standings[at]!);
    });
  }

  async renew(id: string, leaseMs: number): Promise<void> {
    const args = { ...this.#args, terms: [id, leaseMs] };
    expect(await runScript(redis, scripts.renewPermits, this.#keys, args)).toEqual(
      this.#ledger.renew(this.#terms, [[id, leaseMs]]),
    );
  }

  async resize(permits: number | undefined): Promise<void> {
    const args = { ...this.#args, permits: permits ?? 0 };
    const expected = this.#ledger.resize(this.#terms, permits);
    this.#compare(expected, await runScript(redis, scripts.resizePermits, this.#keys, args));
  }

  async exchange(id: string, lighterId: string): Promise<void> {
    const args = { ...this.#args, id, lighterId };
    expect(await runScript(redis, scripts.exchangePermits, this.#keys, args)).toBe(
      this.#ledger.exchange(this.#terms, id, lighterId),
    );
  }

  /** Lets an hour pass: on the ledger's clock; and in Redis, whose clock nobody can set, by making all that was noted an hour older. */
  async hour(): Promise<void> {
    this.#micros += HOUR_MS * 1_000;
    for (const key of [this.#keys.holders, this.#keys.refused]) {
      for (const id of await redis.zrange(key, '0', '-1')) await redis.zincrby(key, -HOUR_MS, id);
    }
    for (const [process, until] of Object.entries(await redis.hgetall(this.#keys.processes))) {
      const earlier = Number(until) < 0 ? HOUR_MS : -HOUR_MS;
      await redis.hincrby(this.#keys.processes, process, earlier);
    }
  }

  get #terms() {
    return { limit: this.limit, claimMs: CLAIM_MS };
  }

  get #args() {
    return { ...this.#terms, channels: this.#channels, counts: this.counts ? 1 : 0 };
  }

  #compare(expected: PermitState, found: PermitState): void {
    const known = ({ limit, used, waiting, firstEndMs }: PermitState) => ({
      limit,
      used,
      waiting,
      // In which hour.
      firstEnd: firstEndMs === undefined ? undefined : Math.ceil(firstEndMs / HOUR_MS),
    });
    expect(known(found)).toEqual(known(expected));
  }

  #note(numbers: Map<number, number>, expected: number, found: number): void {
    expect(numbers.get(expected) ?? found).toBe(found);
    numbers.set(expected, found);
  }

  #checkOrder(numbers: Map<number, number>): void {
    const found = [...numbers].sort(([a], [b]) => a - b).map(([, number]) => number);
    expect(found).toEqual([...new Set(found)].sort((a, b) => a - b));
  }

  /** After each step time goes on, and every key expires, none before what is in it. */
  async #pass(): Promise<void> {
    this.#micros += 1;
    const [last, seconds, ...lives] = await Promise.all([
      redis.zrange(this.#keys.holders, '-1', '-1', 'WITHSCORES'),
      redis.time(),
      ...Object.values(this.#keys).map((key) => redis.pttl(key)),
    ]);
    expect(lives).not.toContain(-1);
    const heldMs = Number(last[1] ?? 0) - Number(seconds[0]) * 1_000 - 2_000;
    const [holdersMs, , , metaMs] = lives;
    if (last.length > 0) expect(Math.min(holdersMs!, metaMs!)).toBeGreaterThan(heldMs);
  }
}

type Step = (pair: Pair) => Promise<unknown>;

const anyId = fc.nat().map((at) => (pair: Pair) => pair.ids[at % pair.ids.length] ?? 'p0~none~1');
const span = fc.constantFrom(...SPANS);
const alive = fc.constantFrom(...SPANS, ...SPANS, -SPANS[1]!);
const process = fc.constantFrom(...PROCESSES);
const weight = fc.integer({ min: 1, max: 4 });
const request = fc.record({
  leaseMs: span,
  aliveMs: alive,
  waits: fc.constantFrom(true, true, false),
});

const STEPS: { weight: number; arbitrary: fc.Arbitrary<Step> }[] = [
  {
    weight: 6,
    arbitrary: fc.tuple(process, weight, request).map(
      ([process, weight, request]) =>
        (pair) =>
          pair.acquire(pair.newId(process, weight), request),
    ),
  },
  // A retry, a confirmation, or one that comes after its cancel.
  {
    weight: 3,
    arbitrary: fc.tuple(anyId, request).map(
      ([id, request]) =>
        (pair) =>
          pair.acquire(id(pair), request),
    ),
  },
  // A place that is presented again, with a new id.
  {
    weight: 2,
    arbitrary: fc
      .tuple(process, weight, request)
      .map(([process, weight, request]) => async (pair) => {
        const id = pair.newId(process, weight);
        const ticket = await pair.acquire(id, request);
        await pair.release(id, true);
        const again = { ...request, ...(ticket !== undefined && { ticket }) };
        await pair.acquire(pair.newId(process, weight), again);
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
    arbitrary: fc.tuple(fc.option(process, { nil: undefined }), alive).map(
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
  {
    weight: 1,
    arbitrary: fc
      .option(fc.integer({ min: 1, max: 6 }), { nil: undefined })
      .map((permits) => (pair) => pair.resize(permits)),
  },
  {
    weight: 1,
    arbitrary: anyId.map((idOf) => (pair) => {
      const id = idOf(pair);
      return pair.exchange(id, pair.newId(id.split('~')[0]!, 1));
    }),
  },
  { weight: 2, arbitrary: fc.constant((pair) => pair.hour()) },
];

describe('the scripts of permits', () => {
  it('do what their model in memory does, whatever comes in whatever order', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 4 }),
        fc.boolean(),
        fc.array(fc.oneof(...STEPS), { minLength: 5, maxLength: 60 }),
        (limit, counts, steps) => new Pair(limit, counts).run(steps),
      ),
      { numRuns: RUNS },
    );
  });
});
