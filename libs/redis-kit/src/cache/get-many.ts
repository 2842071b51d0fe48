import { UNAVAILABLE } from '../core/failsafe/failsafe.js';
import type { CacheManyOptions } from './cache-calls.js';
import type { CacheParts } from './cache-parts.js';
import { decode, type Target } from './engine.js';
import type { Outcome } from './flights.js';
import { budgetFor, loadMany, type Loader } from './load-many.js';
import { loadedValues, type LoadedValues } from './loaded-values.js';
import { manyTargets } from './many-targets.js';
import { MemberRead } from './member-read.js';

/** Loads what is missing: one call for all keys, which are never repeated. */
export type LoadMissing<T> = (
  missingKeys: readonly string[],
) => LoadedValues<T> | Promise<LoadedValues<T>>;

/** What is stored of these keys, and fresh. */
export async function readMany(
  cache: CacheParts,
  keys: readonly string[],
  options: CacheManyOptions,
): Promise<Map<string, unknown>> {
  const { announce, engine } = cache;
  const startedAt = performance.now();
  const targets = manyTargets(cache, keys, options);
  const { found, missing } = fromMemory(cache, targets, startedAt);
  if (missing.length > 0) {
    const budget = budgetFor(engine.deadlineMs, missing.length);
    const { isStrict } = missing[0]!.freshness;
    const { views } = await engine.tokens.viewMany(missing, budget, isStrict);
    const read = async (target: Target, i: number) => {
      const view = views[i]!;
      const one = view === UNAVAILABLE ? view : await decode(engine, target, view, budget);
      const isHit = one !== UNAVAILABLE && one.type === 'value' && one.staleMs < 0;
      if (isHit) found.set(target.name, one.value);
      const miss = one === UNAVAILABLE ? 'factory-without-redis' : 'factory';
      announce.read(target.name, isHit ? 'cache' : miss, startedAt);
    };
    await Promise.all(missing.map(read));
  }
  return inOrder(targets, found);
}

/** What is stored, and for the rest what the loader gives. */
export async function getMany<T>(
  cache: CacheParts,
  keys: readonly string[],
  loader: LoadMissing<T>,
  options: CacheManyOptions,
): Promise<Map<string, unknown>> {
  const startedAt = performance.now();
  const targets = manyTargets(cache, keys, options);
  const { found, missing } = fromMemory(cache, targets, startedAt);
  // Again only for keys of flights that were joined, and whose outcome was not for those who join, or too late for them.
  const alone = new Set<string>();
  for (let wanted = missing; wanted.length > 0;) {
    const leftOut: Target[] = [];
    const leaveOut = (target: Target, isLate: boolean) => {
      leftOut.push(target);
      if (isLate) alone.add(target.key);
    };
    const settle = (target: Target, outcome: Outcome | undefined) => {
      cache.announce.read(target.name, outcome?.source ?? 'factory', startedAt);
      if (outcome) found.set(target.name, outcome.value);
    };
    await round(cache, { wanted, alone }, loader, settle, leaveOut);
    wanted = leftOut;
  }
  return inOrder(targets, found);
}

/** Joins what is in the air, and loads the rest; those that are to join nothing are loaded unstored. */
async function round<T>(
  { engine, flights }: CacheParts,
  { wanted, alone }: { readonly wanted: readonly Target[]; readonly alone: ReadonlySet<string> },
  loader: LoadMissing<T>,
  settle: (target: Target, outcome: Outcome | undefined) => void,
  leaveOut: (target: Target, isLate: boolean) => void,
): Promise<void> {
  const work: Promise<unknown>[] = [];
  const reads: MemberRead[] = [];
  const unfenced: MemberRead[] = [];
  for (const target of wanted) {
    const { key, freshness } = target;
    const isAlone = flights.isWithin(key) || alone.has(key);
    const present = isAlone || freshness.isStrict ? undefined : flights.joinable(key, target);
    if (present) {
      const settled = present.then((joined) => {
        if (joined && joined !== 'late') settle(target, joined);
        else leaveOut(target, joined === 'late');
      });
      work.push(settled);
      continue;
    }
    const read = new MemberRead(engine, target);
    (isAlone ? unfenced : reads).push(read);
    if (!isAlone) flights.launch(key, target, read.outcome);
    work.push(read.outcome.then((outcome) => settle(target, outcome)));
  }
  const own = [...reads, ...unfenced];
  if (own.length > 0) {
    const load: Loader = (targets) => {
      const names = targets.map(({ name }) => name);
      const keys = targets.map(({ key }) => key);
      return flights.runLoader(keys, async () => loadedValues(names, await loader(names)));
    };
    const loading = loadMany(engine, { reads, unfenced, load });
    engine.runs.keep(
      loading.catch((error: unknown) => {
        for (const read of own) read.fail(error);
      }),
    );
  }
  await Promise.all(work);
}

function fromMemory(
  cache: CacheParts,
  targets: readonly Target[],
  startedAt: number,
): { found: Map<string, unknown>; missing: Target[] } {
  const found = new Map<string, unknown>();
  const missing = targets.filter(({ name, key, tags, freshness }) => {
    const kept = freshness.isStrict ? undefined : cache.kept(key, tags);
    if (!kept) return true;
    found.set(name, kept.value);
    cache.announce.hit(name, 'memory', startedAt);
    return false;
  });
  return { found, missing };
}

function inOrder(
  targets: readonly Target[],
  found: ReadonlyMap<string, unknown>,
): Map<string, unknown> {
  const ordered = new Map<string, unknown>();
  for (const { name } of targets) if (found.has(name)) ordered.set(name, found.get(name));
  return ordered;
}
