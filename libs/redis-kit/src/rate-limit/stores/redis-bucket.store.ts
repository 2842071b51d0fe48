import type { Redis } from 'ioredis';
import type { RedisConnection } from '../../core/connections/redis-connection.js';
import { UNAVAILABLE, type Budget } from '../../core/failsafe/failsafe.js';
import type { KeySpace } from '../../core/key-space.js';
import { RedisUnavailableError } from '../../core/redis-kit.error.js';
import { runScript } from '../../core/scripts/script-runner.js';
import type { Limit } from '../limit.js';
import { rateLimitBlocksKey, rateLimitBucketKey } from '../rate-limit.keys.js';
import {
  block,
  consumeAny,
  consumeTokens,
  correct,
  type ConsumeReply,
} from '../rate-limit.scripts.js';
import { trackerDigest } from '../tracker-digest.js';
import {
  BucketStore,
  type BucketAnswer,
  type BucketCorrection,
  type BucketRequest,
} from './bucket-store.js';
import { PolicyTexts } from './policy-texts.js';
import { ServerTime } from './server-time.js';

/** How much later than its caller waits a request may still count: what the estimate of the server's time may be off. */
const LATENESS_US = 100_000;
/** A request is asked again with what its reply said about the time; a server that says no twice is not in time. */
const ATTEMPTS = 3;

/** Limits in Redis, all of one tracker in one slot, through the fast-failing connection. */
export class RedisBucketStore extends BucketStore {
  readonly #time = new ServerTime();
  readonly #texts = new PolicyTexts(() => this.#time.nowUs);

  constructor(
    private readonly connection: RedisConnection,
    private readonly keySpace: KeySpace,
    private readonly onFailure: (
      operation: string,
      limits: readonly Limit[],
      error: unknown,
    ) => void,
  ) {
    super();
  }

  async consume(
    request: BucketRequest,
    budget: Budget,
  ): Promise<BucketAnswer | typeof UNAVAILABLE> {
    const { limits, counts } = request;
    const tracker = trackerDigest(request.tracker);
    const blocks = rateLimitBlocksKey(this.keySpace, tracker);
    let isGivenUp = false;
    const answer = await this.connection.guarded(
      'rate-limit.consume',
      blocks,
      budget,
      async (client) => {
        const reply = await this.#ask(client, request, tracker, blocks, budget);
        // Nobody waits for it any more: the insurance has decided, and what was counted is given back.
        if (isGivenUp && counts && reply.allowed) this.#undo(client, request, reply);
        return reply;
      },
      (error) => this.onFailure('consume', limits, error),
    );
    isGivenUp = answer === UNAVAILABLE;
    return answer;
  }

  async correct(correction: BucketCorrection, deadlineMs: number): Promise<void> {
    await this.connection.required('rate-limit.correct', deadlineMs, (client) =>
      this.#correct(client, correction),
    );
  }

  async block(tracker: string, forMs: number, deadlineMs: number): Promise<void> {
    const blocks = rateLimitBlocksKey(this.keySpace, trackerDigest(tracker));
    await this.connection.required('rate-limit.block', deadlineMs, (client) =>
      runScript(client, block, { blocks }, { forMs }),
    );
  }

  async unblock(tracker: string, deadlineMs: number): Promise<void> {
    await this.reset(tracker, [], deadlineMs);
  }

  async reset(tracker: string, limits: readonly Limit[], deadlineMs: number): Promise<void> {
    const digest = trackerDigest(tracker);
    const keys = [rateLimitBlocksKey(this.keySpace, digest), ...this.#keysOf(digest, limits)];
    await this.connection.required('rate-limit.reset', deadlineMs, (client) =>
      client.unlink(...keys),
    );
  }

  async #ask(
    client: Redis,
    { limits, cost, counts, holder }: BucketRequest,
    tracker: string,
    blocks: string,
    budget: Budget,
  ): Promise<BucketAnswer> {
    const script = limits.every(({ kind }) => kind === 'T') ? consumeTokens : consumeAny;
    const keys = { blocks, buckets: this.#keysOf(tracker, limits) };
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      const nowUs = this.#time.nowUs;
      const lateAfter =
        nowUs === undefined ? 0 : Math.round(nowUs + budget.remainingMs * 1_000 + LATENESS_US);
      const policies = limits.map((limit) => this.#texts.of(limit));
      const args = { cost, counts: counts ? 1 : 0, holder, lateAfter, policies };
      const reply: ConsumeReply = await runScript(client, script, keys, args);
      this.#time.heard(reply.timeUs);
      if (reply.results) return this.#withCalendar(limits, reply.allowed, reply.results);
    }
    throw new RedisUnavailableError('The clock of the server is not steady enough to count by');
  }

  async #correct(
    client: Redis,
    { tracker, limits, marks, change, holder }: BucketCorrection,
  ): Promise<void> {
    const buckets = this.#keysOf(trackerDigest(tracker), limits);
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

  #keysOf(tracker: string, limits: readonly Limit[]): string[] {
    return limits.map(({ kind, name }) => rateLimitBucketKey(this.keySpace, tracker, kind, name));
  }
}
