import type { Redis } from 'ioredis';
import type { KeySpace } from '../../core/key-space.js';
import { runScript } from '../../core/scripts/script-runner.js';
import { counterGroupKey, counterKey, uniqueCounterKey, type Bucket } from '../counters.keys.js';
import { addToCounter, addToGroup, addUnique, type Sum, type Timed } from '../counters.scripts.js';
import type { Attempt, RedisLink } from '../redis-link.js';
import type { Window } from '../../core/time-window.js';
import {
  CounterStore,
  expiryOf,
  type Addition,
  type AdditionOutcome,
  type Count,
  type GroupCounts,
  type Life,
  type Place,
} from './counter-store.js';

/** So many names go into one script: more would hold up the server's other clients. */
const NAMES_A_SCRIPT = 500;

/** Counts in Redis: a key for each name, or for each group, and for each period. */
export class RedisCounterStore extends CounterStore {
  constructor(
    private readonly link: RedisLink,
    private readonly keySpace: KeySpace,
    private readonly maxNames: number,
  ) {
    super();
  }

  add(name: string, { group, window }: Place, by: number, life: Life): Promise<Sum> {
    return this.link.inPeriod<Sum>(window, (bucket) =>
      this.link.run('counters.increment', async (client) => {
        const expiry = expiryArgs(life, bucket);
        if (group === undefined) {
          const counter = counterKey(this.keySpace, name, bucket);
          return runScript(client, addToCounter, { counter }, { by, ...expiry });
        }
        const keys = { group: counterGroupKey(this.keySpace, group, bucket) };
        const additions = JSON.stringify([[name, String(by)]]);
        const args = { additions, maxNames: this.maxNames, ...expiry };
        return first(await runScript(client, addToGroup, keys, args));
      }),
    );
  }

  async addAll(additions: readonly Addition[]): Promise<AdditionOutcome[]> {
    const outcomes = new Map<Addition, AdditionOutcome>();
    await Promise.all(
      batchesOf(additions).map(async (batch) => {
        const attempt = await this.#attempt(batch);
        batch.forEach((addition, at) => {
          const isRefused = attempt.outcome === 'done' && typeof attempt.value[at] !== 'number';
          outcomes.set(addition, isRefused ? 'refused' : attempt.outcome);
        });
      }),
    );
    return additions.map((addition) => outcomes.get(addition)!);
  }

  async totals(names: readonly string[], place: Place, periods: number): Promise<number[]> {
    const { group, window } = place;
    if (window) {
      // All of one tick: what goes to one server leaves in one write.
      const series = names.map((name) => this.series(name, group, window, periods));
      return (await Promise.all(series)).map(sum);
    }
    if (names.length === 0) return [];
    return this.link.run('counters.stats', async (client) => {
      const values =
        group === undefined
          ? await Promise.all(names.map((name) => client.get(counterKey(this.keySpace, name))))
          : await client.hmget(counterGroupKey(this.keySpace, group), ...names);
      return values.map(countOf);
    });
  }

  async group(group: string, window: Window | undefined, periods: number): Promise<GroupCounts[]> {
    const keyOf = (bucket?: Bucket) => counterGroupKey(this.keySpace, group, bucket);
    const read = (client: Redis, keys: string[]) =>
      Promise.all(keys.map((key) => client.hgetall(key)));
    if (!window) {
      const hashes = await this.link.run('counters.stats', (client) => read(client, [keyOf()]));
      return hashes.map((hash) => ({ period: undefined, counts: countsOf(hash) }));
    }
    const recent = await this.link.recent('counters.stats', window, periods, keyOf, read);
    return recent.buckets.map(({ period }, at) => ({
      period,
      counts: countsOf(recent.value[at]!),
    }));
  }

  async series(
    name: string,
    group: string | undefined,
    window: Window,
    periods: number,
  ): Promise<Count[]> {
    const { buckets, value } = await this.link.recent(
      'counters.series',
      window,
      periods,
      (bucket) => this.#key(name, group, bucket),
      (client, keys) =>
        group === undefined
          ? client.mget(...keys)
          : Promise.all(keys.map((key) => client.hget(key, name))),
    );
    return buckets.map(({ period }, at) => ({ period, count: countOf(value[at]) }));
  }

  async remove(name: string | undefined, { group, window }: Place, keep: number): Promise<boolean> {
    const removed = async (client: Redis, keys: string[]): Promise<number> => {
      if (group === undefined || name === undefined) return client.unlink(...keys);
      const fields = await Promise.all(keys.map((key) => client.hdel(key, name)));
      return Math.max(...fields);
    };
    if (!window) {
      const key = this.#key(name ?? '', group, undefined);
      return (await this.link.run('counters.reset', (client) => removed(client, [key]))) > 0;
    }
    const keyOf = (bucket: Bucket) => this.#key(name ?? '', group, bucket);
    const { value } = await this.link.recent('counters.reset', window, keep, keyOf, removed);
    return value > 0;
  }

  addUnique(
    name: string,
    window: Window | undefined,
    member: string,
    life: Life,
  ): Promise<boolean> {
    return this.link.inPeriod(window, (bucket) =>
      this.link.run('counters.add-unique', (client) =>
        runScript(
          client,
          addUnique,
          { unique: uniqueCounterKey(this.keySpace, name, bucket) },
          { member, ...expiryArgs(life, bucket) },
        ),
      ),
    );
  }

  async unique(name: string, window: Window | undefined, periods: number): Promise<number> {
    if (!window) {
      const key = uniqueCounterKey(this.keySpace, name);
      return this.link.run('counters.unique', (client) => client.pfcount(key));
    }
    const { value } = await this.link.recent(
      'counters.unique',
      window,
      periods,
      (bucket) => uniqueCounterKey(this.keySpace, name, bucket),
      (client, keys) => client.pfcount(...keys),
    );
    return value;
  }

  #key(name: string, group: string | undefined, bucket: Bucket | undefined): string {
    return group === undefined
      ? counterKey(this.keySpace, name, bucket)
      : counterGroupKey(this.keySpace, group, bucket);
  }

  /** Additions to one group and window, or to one counter, as one script; again only for another period. */
  async #attempt(batch: readonly Addition[]): Promise<Attempt<Sum[]>> {
    const { name, by, group, window, life } = batch[0]!;
    let failed: Exclude<Attempt<Timed<Sum[]>>, { outcome: 'done' }> | undefined;
    try {
      const value = await this.link.inPeriod<Sum[]>(window, async (bucket) => {
        const key = this.#key(name, group, bucket);
        const expiry = expiryArgs(life, bucket);
        const attempt = await this.link.attempt('counters.flush', key, async (client) => {
          if (group === undefined) {
            return listed(
              await runScript(client, addToCounter, { counter: key }, { by, ...expiry }),
            );
          }
          const additions = JSON.stringify(batch.map((each) => [each.name, String(each.by)]));
          const args = { additions, maxNames: this.maxNames, ...expiry };
          return runScript(client, addToGroup, { group: key }, args);
        });
        if (attempt.outcome === 'done') return attempt.value;
        failed = attempt;
        return { isCurrent: true, value: [] };
      });
      return failed ?? { outcome: 'done', value };
    } catch {
      // The clocks of the servers disagree: nothing was counted.
      return { outcome: 'not-run' };
    }
  }
}

/** Additions that one script can do: those of one group, window and life; each other one by itself. */
function batchesOf(additions: readonly Addition[]): Addition[][] {
  const batches = new Map<string, Addition[]>();
  const full: Addition[][] = [];
  for (const addition of additions) {
    const { name, group, window, life } = addition;
    const parts = [group ?? null, group === undefined ? name : null, window?.id, life];
    const key = JSON.stringify(parts);
    const batch = batches.get(key) ?? [];
    if (batch.push(addition) === NAMES_A_SCRIPT) {
      full.push(batch);
      batches.delete(key);
    } else {
      batches.set(key, batch);
    }
  }
  return [...full, ...batches.values()];
}

function expiryArgs(life: Life, bucket: Bucket | undefined) {
  return bucket
    ? {
        ttlMs: '',
        expireAtMs: expiryOf(bucket.window, bucket.period, life.keep),
        fromMs: bucket.period.fromMs,
        untilMs: bucket.period.untilMs,
      }
    : { ttlMs: life.ttlMs ?? '', expireAtMs: '', fromMs: '', untilMs: '' };
}

const first = (sums: Timed<Sum[]>): Timed<Sum> =>
  sums.isCurrent ? { isCurrent: true, value: sums.value[0]! } : sums;

const listed = (sum: Timed<Sum>): Timed<Sum[]> =>
  sum.isCurrent ? { isCurrent: true, value: [sum.value] } : sum;

const sum = (counts: readonly Count[]): number =>
  counts.reduce((total, { count }) => total + count, 0);

const countsOf = (hash: Record<string, string>): Map<string, number> =>
  new Map(Object.entries(hash).map(([name, count]) => [name, countOf(count)]));

/** A number that Redis holds, whoever wrote it. */
const countOf = (text: string | null | undefined): number => {
  const count = Number(text ?? 0);
  return Number.isFinite(count) ? count : 0;
};
