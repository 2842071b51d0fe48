import type { Redis } from 'ioredis';
import type { RedisConnection } from '../../core/connections/redis-connection.js';
import { UNAVAILABLE, type Budget } from '../../core/failsafe/failsafe.js';
import type { KeySpace } from '../../core/key-space.js';
import { RedisUnavailableError } from '../../core/redis-kit.error.js';
import { runOrdered, runScript } from '../../core/scripts/script-runner.js';
import type { Limit } from '../limit.js';
import { block, consumeAny, consumeOne, correct, renew } from '../rate-limit.scripts.js';
import { TrackerKeySpace, type TrackerKeys } from '../tracker-keys.js';
import {
  BucketStore,
  type BucketAnswer,
  type BucketCorrection,
  type BucketRequest,
} from './bucket-store.js';
import { PolicyTexts } from './policy-texts.js';
import { ServerTime } from './server-time.js';
import { isSingleBucket, singleBucketAnswer } from './single-bucket.js';

/** A request is asked again with what its reply said about the time; a server that says no twice is not in time. */
const ATTEMPTS = 3;
const NO_LIMITS: readonly Limit[] = [];

/** Limits in Redis, all of one tracker in one slot, through the fast-failing connection. */
export class RedisBucketStore extends BucketStore {
  readonly #time = new ServerTime();
  readonly #texts = new PolicyTexts(() => this.#time.nowUs);
  readonly #keys: TrackerKeySpace;

  constructor(
    private readonly connection: RedisConnection,
    keySpace: KeySpace,
    private readonly onFailure: (
      operation: string,
      limits: readonly Limit[],
      error: unknown,
    ) => void,
  ) {
    super();
    this.#keys = new TrackerKeySpace(keySpace);
  }

  consume(request: BucketRequest, budget: Budget): Promise<BucketAnswer | typeof UNAVAILABLE> {
    const { tracker, limits, counts } = request;
    const keys = this.#keys.of(tracker, limits);
    let isGivenUp = false;
    return this.connection.guarded(
      'rate-limit.consume',
      keys.blocks,
      budget,
      (client) =>
        this.#ask(client, request, keys, budget).then((answer) => {
          // Nobody waits for it any more: the insurance has decided, and what was counted is given back.
          if (isGivenUp && counts && answer.allowed) this.#undo(client, request, answer);
          return answer;
        }),
      (error) => {
        isGivenUp = true;
        this.onFailure('consume', limits, error);
      },
    );
  }

  async correct(correction: BucketCorrection, deadlineMs: number): Promise<void> {
    await this.connection.required('rate-limit.correct', deadlineMs, (client) =>
      this.#correct(client, correction),
    );
  }

  async renew(
    { tracker, limits, cost: amount, holder }: BucketRequest,
    deadlineMs: number,
  ): Promise<void> {
    const { buckets } = this.#keys.of(tracker, limits);
    const leases = limits.map(({ a }) => a);
    await this.connection.required('rate-limit.renew', deadlineMs, (client) =>
      runScript(client, renew, { buckets }, { holder, amount, leases }),
    );
  }

  async block(tracker: string, forMs: number, deadlineMs: number): Promise<void> {
    const { blocks } = this.#keys.of(tracker, NO_LIMITS);
    await this.connection.required('rate-limit.block', deadlineMs, (client) =>
      runScript(client, block, { blocks }, { forMs }),
    );
  }

  async unblock(tracker: string, deadlineMs: number): Promise<void> {
    await this.reset(tracker, NO_LIMITS, deadlineMs);
  }

  async reset(tracker: string, limits: readonly Limit[], deadlineMs: number): Promise<void> {
    const { blocks, buckets } = this.#keys.of(tracker, limits);
    await this.connection.required('rate-limit.reset', deadlineMs, (client) =>
      client.unlink(blocks, ...buckets),
    );
  }

  #ask(
    client: Redis,
    request: BucketRequest,
    keys: TrackerKeys,
    budget: Budget,
  ): Promise<BucketAnswer> {
    const { limits, cost, counts } = request;
    if (!counts || !isSingleBucket(limits)) return this.#askAny(client, request, keys, budget);
    const [limit] = limits as [Limit];
    const lateAfter = this.#time.lateAfter(budget);
    const rest = [keys.blocks, keys.buckets[0]!, cost, lateAfter, limit.a, limit.b];
    return runOrdered(client, consumeOne, 2, rest).then(({ allowed, timeUs, fullAtUs }) => {
      this.#time.heard(timeUs);
      return fullAtUs === undefined
        ? this.#askAny(client, request, keys, budget)
        : singleBucketAnswer(limit, cost, allowed, timeUs, fullAtUs);
    });
  }

  async #askAny(
    client: Redis,
    { limits, cost, counts, holder }: BucketRequest,
    { blocks, buckets }: TrackerKeys,
    budget: Budget,
  ): Promise<BucketAnswer> {
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      const policies = limits.map((limit) => this.#texts.of(limit));
      const lateAfter = this.#time.lateAfter(budget);
      const reply = await runOrdered(client, consumeAny, 1 + buckets.length, [
        blocks,
        ...buckets,
        cost,
        counts ? 1 : 0,
        holder,
        lateAfter,
        ...policies,
      ]);
      this.#time.heard(reply.timeUs);
      if (reply.results) return this.#withCalendar(limits, reply.allowed, reply.results);
    }
    throw new RedisUnavailableError('The clock of the server is not steady enough to count by');
  }

  async #correct(
    client: Redis,
    { tracker, limits, marks, change, holder }: BucketCorrection,
  ): Promise<void> {
    const { buckets } = this.#keys.of(tracker, limits);
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      const policies = limits.flatMap((limit, at) => [this.#texts.of(limit), marks?.[at] ?? '']);
      const reply = await runScript(client, correct, { buckets }, { change, holder, policies });
      this.#time.heard(reply.timeUs);
      if (reply.isDone) return;
    }
    throw new RedisUnavailableError('The clock of the server is not steady enough to count by');
  }

  #undo(
    client: Redis,
    { tracker, limits, cost, holder }: BucketRequest,
    { results }: BucketAnswer,
  ): void {
    const marks = results.map(({ mark }) => mark);
    // If this fails too, one request counts that was allowed by the insurance: too much, never too little.
    this.#correct(client, { tracker, limits, marks, change: -cost, holder }).catch(() => undefined);
  }

  #withCalendar(
    limits: readonly Limit[],
    allowed: boolean,
    results: BucketAnswer['results'],
  ): BucketAnswer {
    if (limits.every(({ calendar }) => !calendar)) return { allowed, results };
    return {
      allowed,
      results: results.map((result, at) => {
        const limit = limits[at]!;
        return limit.calendar
          ? { ...result, windowMs: this.#texts.calendarWindowMs(limit) }
          : result;
      }),
    };
  }
}
