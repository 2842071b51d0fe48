import type { Redis } from 'ioredis';
import type { RedisConnection } from '../core/connections/redis-connection.js';
import { isConnectivityError } from '../core/failsafe/connectivity.js';
import { Budget, UNAVAILABLE } from '../core/failsafe/failsafe.js';
import { RedisUnavailableError } from '../core/redis-kit.error.js';
import { safeMessage } from '../core/redact.js';
import { runScript } from '../core/scripts/script-runner.js';
import { readClock, type Timed } from './counters.scripts.js';
import type { Bucket } from './counters.keys.js';
import type { Window } from '../core/time-window.js';

/** Replies of a server that has not run the command and may run it later. */
const LATER =
  /^(LOADING|BUSY|CLUSTERDOWN|MASTERDOWN|READONLY|OOM|NOREPLICAS|TRYAGAIN|MISCONF|MOVED|ASK)\b/;
/** Messages of the driver about commands that it never sent. */
const NEVER_SENT = /^(Stream isn't writeable|Cluster isn't ready|None of startup nodes)/;
/** A period is guessed wrong once, when this process does not know the server's time yet, or when it ends meanwhile. */
const MOST_GUESSES = 4;

/** What became of a command that nobody waits for. */
export type Attempt<T> =
  | { readonly outcome: 'done'; readonly value: T }
  /** It has not run, and may be tried again. */
  | { readonly outcome: 'not-run' }
  /** It may have run: a second try could run it twice. */
  | { readonly outcome: 'unknown'; readonly error: unknown }
  /** Redis does not take it, now or later. */
  | { readonly outcome: 'refused'; readonly error: unknown };

/** What all counters ask of Redis: a deadline for each call, and the current period by the clock of the server. */
export class RedisLink {
  /** The server's time minus the monotonic clock. A guess, which scripts check: a wrong one costs a round trip. */
  #offsetMs = performance.timeOrigin;

  constructor(
    private readonly connection: RedisConnection,
    private readonly deadlineMs: number,
  ) {}

  /**
   * Runs work that somebody waits for.
   *
   * @throws RedisUnavailableError when Redis did not answer within the deadline.
   */
  async run<T>(operation: string, work: (client: Redis) => Promise<T>): Promise<T> {
    try {
      return await this.connection.required(operation, this.deadlineMs, work);
    } catch (error) {
      if (!isConnectivityError(error)) throw error;
      throw new RedisUnavailableError(
        `${operation} got no answer from Redis (${safeMessage(error)}); it may have run. ` +
          'Nothing is sent again: repeat it only if counting twice is better than not at all.',
        { cause: error },
      );
    }
  }

  /** Runs work that nobody waits for, behind the circuit breaker, and never throws. */
  async attempt<T>(
    operation: string,
    key: string,
    work: (client: Redis) => Promise<T>,
  ): Promise<Attempt<T>> {
    let failure: { readonly error: unknown } | undefined;
    const budget = new Budget(this.deadlineMs);
    const value = await this.connection.guarded(operation, key, budget, work, (error) => {
      failure = { error };
    });
    if (value !== UNAVAILABLE) return { outcome: 'done', value };
    // The circuit is open: Redis was not asked.
    if (!failure) return { outcome: 'not-run' };
    const { error } = failure;
    const message = error instanceof Error ? error.message : '';
    if (LATER.test(message) || NEVER_SENT.test(message)) return { outcome: 'not-run' };
    return { outcome: isConnectivityError(error) ? 'unknown' : 'refused', error };
  }

  /** Runs a script for the current period; without a window, at any time. */
  async inPeriod<T>(
    window: Window | undefined,
    ask: (bucket: Bucket | undefined) => Promise<Timed<T>>,
  ): Promise<T> {
    for (let guess = 1; ; guess++) {
      const bucket = window && { window, period: window.at(this.#guess()) };
      const reply = await ask(bucket);
      if (reply.isCurrent) return reply.value;
      this.#correct(reply.nowMs, guess);
    }
  }

  /**
   * Reads the last `count` periods in one round trip. The clock of the server that holds them is read with them, and when
   * it says that the newest is another one, they are read again.
   */
  async recent<T>(
    operation: string,
    window: Window,
    count: number,
    keyOf: (bucket: Bucket) => string,
    read: (client: Redis, keys: string[]) => Promise<T>,
  ): Promise<{ buckets: Bucket[]; value: T }> {
    for (let guess = 1; ; guess++) {
      const periods = window.last(this.#guess(), count);
      const buckets = periods.map((period) => ({ window, period }));
      const keys = buckets.map(keyOf);
      const [nowMs, value] = await this.run(operation, (client) =>
        Promise.all([runScript(client, readClock, { key: keys.at(-1)! }, {}), read(client, keys)]),
      );
      const { fromMs, untilMs } = periods.at(-1)!;
      if (nowMs >= fromMs && nowMs < untilMs) return { buckets, value };
      this.#correct(nowMs, guess);
    }
  }

  #guess(): number {
    return Math.round(performance.now() + this.#offsetMs);
  }

  #correct(nowMs: number, guesses: number): void {
    this.#offsetMs = nowMs - performance.now();
    if (guesses < MOST_GUESSES) return;
    throw new RedisUnavailableError(
      `The clock of the Redis server moved out of the period that was asked for ${guesses} times in a row. ` +
        'Check the clocks of its masters; nothing was counted.',
    );
  }
}
