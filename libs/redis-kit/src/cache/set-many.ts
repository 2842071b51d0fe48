import { UNAVAILABLE } from '../core/failsafe/failsafe.js';
import type { CacheManyOptions } from './cache-calls.js';
import type { CacheParts } from './cache-parts.js';
import { createEntry, NO_TIMES } from './entry.js';
import { isTimed, jittered, staleForMs, ttlFor } from './freshness.js';
import { budgetFor } from './load-many.js';
import { manyTargets } from './many-targets.js';
import { captureMany } from './plant-many.js';
import type { StoreCommand } from './stores/cache-store.js';

/** Stores values by key, whatever is there; answers how many were stored. */
export async function setMany(
  cache: CacheParts,
  entries: ReadonlyMap<string, unknown>,
  options: CacheManyOptions,
): Promise<number> {
  const { announce, engine, store, tokens } = cache;
  const targets = manyTargets(cache, entries.keys(), options);
  if (targets.length === 0) return 0;
  const { freshness } = targets[0]!;
  const detach = () => targets.forEach(({ key }) => cache.detach(key));
  detach();
  try {
    const payloads = await Promise.all(
      targets.map(async ({ name, key }) => {
        try {
          return await engine.codec.encode(entries.get(name));
        } catch (error) {
          announce.failure('cache.encode', key, error);
          return undefined;
        }
      }),
    );
    const budget = budgetFor(engine.deadlineMs, targets.length);
    const seen = await tokens.viewMany(
      [],
      budget,
      false,
      new Set(targets.flatMap((t) => [...t.tags])),
    );
    const stamps = await captureMany(tokens, targets, seen, budget);
    const now = isTimed(freshness) ? await store.now(budget) : undefined;
    if (now === UNAVAILABLE) return 0;
    const writes = targets.flatMap(({ name, key }, i): StoreCommand[] => {
      const payload = payloads[i];
      const stamp = stamps[i]!;
      if (!payload || stamp === UNAVAILABLE) return [];
      engine.tagAdvice.ofValue(stamp);
      const ttlMs = jittered(ttlFor(freshness, entries.get(name)), freshness.jitter);
      const times = now === undefined ? NO_TIMES : { staleFromMs: now + ttlMs, madeInMs: 0 };
      const bytes = createEntry(stamp, payload, times);
      return [{ type: 'write', key, bytes, ttlMs: ttlMs + staleForMs(freshness) }];
    });
    const written = await store.batch(writes, budget);
    return written.filter((answer) => answer === true).length;
  } finally {
    detach();
  }
}
