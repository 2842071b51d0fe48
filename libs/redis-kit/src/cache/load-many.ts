import { deferred, type Deferred } from '../core/deferred.js';
import { Budget, UNAVAILABLE } from '../core/failsafe/failsafe.js';
import {
  answeredBy,
  decode,
  type CacheEngine,
  type FoundValue,
  type ReadThrough,
  type Target,
} from './engine.js';
import { produce, type Place } from './fill.js';
import type { Outcome } from './flights.js';
import { isServed } from './get-or-set.js';
import type { MemberRead } from './member-read.js';
import { plantMany } from './plant-many.js';
import { announced, claimRefresh } from './refresh.js';
import type { View } from './tokens.js';

/** Loads the values of all these by one call, by name; those that do not exist are left out. */
export type Loader = (targets: readonly Target[]) => Promise<ReadonlyMap<string, unknown>>;

export interface ManyThrough {
  readonly reads: readonly MemberRead[];
  /** Loaded with the others and never stored: their own factories are asking, or one that has waited for them in vain. */
  readonly unfenced: readonly MemberRead[];
  readonly load: Loader;
}

/** The deadline of one call is meant for one key, or for as many as travel in about the same time. */
const KEYS_PER_DEADLINE = 500;
const FIRST_PAUSE_MS = 4;
const LONGEST_PAUSE_MS = 32;

export const budgetFor = (deadlineMs: number, keys: number): Budget =>
  new Budget(deadlineMs * Math.max(1, Math.ceil(keys / KEYS_PER_DEADLINE)));

/**
 * Many read-throughs at once, with the promises of `getOrSet` for each: one read for all, a lease planted in every
 * missing key, or a claim beside every stale value, then one call of the loader, then the fills.
 *
 * Keys that another process is loading are waited for after that, up to the bound; then they are loaded too, unstored.
 */
export async function loadMany(
  engine: CacheEngine,
  { reads, unfenced, load }: ManyThrough,
): Promise<void> {
  const waitUntil = performance.now() + engine.leaderWaitMs;
  const budget = budgetFor(engine.deadlineMs, reads.length);
  const order = new Map([...reads, ...unfenced].map((read, i) => [read, i]));
  let pending = reads;
  let unstored = unfenced;
  for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS)) {
    const taken = await takePlaces(engine, pending, load, budget);
    const isLast = performance.now() + pauseMs > waitUntil;
    const rest = isLast ? [...unstored, ...taken.waiting] : unstored;
    const jobs: Job[] = [
      ...taken.places,
      ...rest.map((read): Job => ({ read, place: undefined, source: 'factory' })),
      ...taken.withoutRedis.map((read): Job => ({
        read,
        place: undefined,
        source: 'factory-without-redis',
      })),
    ];
    jobs.sort((one, other) => order.get(one.read)! - order.get(other.read)!);
    await produceMany(engine, load, jobs);
    if (isLast || taken.waiting.length === 0) return;
    pending = taken.waiting;
    unstored = [];
    await new Promise((resolve) => setTimeout(resolve, pauseMs));
    budget.refill();
  }
}

/** One key to be loaded; without a place its value is not stored. */
interface Job {
  readonly read: MemberRead;
  readonly place: Place | undefined;
  readonly source: Outcome['source'];
}

interface Taken {
  readonly places: readonly Job[];
  readonly waiting: readonly MemberRead[];
  readonly withoutRedis: readonly MemberRead[];
}

/** Looks at all keys, settles those that are answered by what is there, and takes the right to fill the others. */
async function takePlaces(
  engine: CacheEngine,
  reads: readonly MemberRead[],
  load: Loader,
  budget: Budget,
): Promise<Taken> {
  const absent: { read: MemberRead; view: View }[] = [];
  const outdated: { read: MemberRead; found: FoundValue }[] = [];
  const toRefresh: { target: Target; found: FoundValue }[] = [];
  const places: Job[] = [];
  const waiting: MemberRead[] = [];
  const withoutRedis: MemberRead[] = [];
  if (reads.length === 0) return { places, waiting, withoutRedis };

  const { isStrict } = reads[0]!.target.freshness;
  const targets = reads.map(({ target }) => target);
  const seen = await engine.tokens.viewMany(targets, budget, isStrict);
  const look = async (read: MemberRead, view: View | typeof UNAVAILABLE) => {
    const { target } = read;
    const found = view === UNAVAILABLE ? view : await decode(engine, target, view, budget);
    if (view === UNAVAILABLE || found === UNAVAILABLE) withoutRedis.push(read);
    else if (found.type === 'failure') read.fail(found.error);
    else if (found.type !== 'value') {
      if (found.type === 'led') waiting.push(read);
      else absent.push({ read, view });
    } else if (isServed(engine, target, found, () => toRefresh.push({ target, found }))) {
      read.settle(answeredBy(found, target));
    } else {
      read.hold(found);
      outdated.push({ read, found });
    }
  };
  await Promise.all(reads.map((read, i) => look(read, seen.views[i]!)));
  refreshMany(engine, toRefresh, load);

  const took = (read: MemberRead, place: Place | typeof UNAVAILABLE | undefined) => {
    if (place === UNAVAILABLE) withoutRedis.push(read);
    else if (place) places.push({ read, place, source: 'factory' });
    else waiting.push(read);
  };
  await Promise.all([
    plantMany(
      engine,
      absent.map(({ read, view }) => ({ target: read.target, view })),
      seen,
      budget,
    ).then((planted) => planted.forEach((place, i) => took(absent[i]!.read, place))),
    ...outdated.map(async ({ read, found }) => {
      const claim = await claimRefresh(engine, read.target, found, budget);
      if (claim === UNAVAILABLE) took(read, claim);
      else if (claim.type === 'failure') read.fail(claim.error);
      else took(read, claim.type === 'place' ? claim.place : undefined);
    }),
  ]);
  return { places, waiting, withoutRedis };
}

type Values = ReadonlyMap<string, unknown>;

/** The part of a loader that one key sees. */
const withFactory = (target: Target, values: Promise<Values>): ReadThrough => ({
  ...target,
  factory: async ({ skip }) => {
    const all = await values;
    if (!all.has(target.name)) skip();
    return all.get(target.name);
  },
});

/** One call of the loader, whose values are stored some at a time, so that each is stored within its deadline. */
async function produceMany(engine: CacheEngine, load: Loader, jobs: readonly Job[]): Promise<void> {
  if (jobs.length === 0) return;
  const chunks: { values: Deferred<Values>; work: Promise<void>[] }[] = [];
  for (let at = 0; at < jobs.length; at += KEYS_PER_DEADLINE) {
    const values = deferred<Values>();
    const chunk = jobs.slice(at, at + KEYS_PER_DEADLINE);
    chunks.push({ values, work: chunk.map((job) => produceOne(engine, job, values.promise)) });
  }
  let pass: (values: Deferred<Values>) => void;
  try {
    const loaded = await load(jobs.map(({ read }) => read.target));
    pass = (values) => values.resolve(loaded);
  } catch (error) {
    pass = (values) => values.reject(error);
  }
  for (const { values, work } of chunks) {
    pass(values);
    await Promise.all(work);
  }
}

/** Never rejects: the read is told. */
async function produceOne(
  engine: CacheEngine,
  { read, place, source }: Job,
  values: Promise<Values>,
): Promise<void> {
  const call = withFactory(read.target, values);
  try {
    const isLeftOut = async () => !(await values).has(call.name);
    const run = place
      ? await produce(engine, call, place)
      : engine.runs.start({ ...call, cache: engine.cache, key: call.name });
    const value = await run.within(call.freshness.hardTimeoutMs);
    read.settle((await isLeftOut()) ? undefined : { value, source });
  } catch (error) {
    read.fail(error);
  }
}

/** Makes values anew that are served meanwhile: by one call of the loader, one process at a time for each key. */
function refreshMany(
  engine: CacheEngine,
  stale: readonly { readonly target: Target; readonly found: FoundValue }[],
  load: Loader,
): void {
  const claims: Promise<unknown>[] = [];
  const claimed: Target[] = [];
  const values = deferred<Values>();
  for (const { target, found } of stale) {
    engine.runs.inBackground(target.key, async () => {
      const claiming = claimRefresh(engine, target, found, new Budget(engine.deadlineMs));
      claims.push(claiming);
      const claim = await claiming;
      if (claim === UNAVAILABLE || claim.type !== 'place') return;
      claimed.push(target);
      const call = withFactory(target, values.promise);
      await announced(engine, target, produce(engine, call, claim.place));
    });
  }
  if (claims.length === 0) return;
  const loading = Promise.allSettled(claims).then(async () => {
    if (claimed.length > 0) values.resolve(await load(claimed));
  });
  engine.runs.keep(loading.catch((error: unknown) => values.reject(error)));
}
