import { Budget, UNAVAILABLE } from '../core/failsafe/failsafe.js';
import type { Read } from './engine.js';
import type { Stamp } from './entry.js';
import { deepFreeze } from './freeze.js';
import type { LocalMemory } from './local-memory.js';
import type { CacheStore } from './stores/cache-store.js';

export interface KeepSettings {
  /** Whether the options ask for an L1, also where there is no Redis to keep it coherent, as in tests. */
  readonly freezes: boolean;
  readonly local: LocalMemory | undefined;
  readonly store: CacheStore;
  readonly deadlineMs: number;
}

/**
 * Keeps a value that was read from the store in local memory, no longer than it is fresh and its key lives. Answers the
 * value to hand out: where values are kept they are frozen, from the first time on.
 */
export function keepValue(
  { freezes, local, store, deadlineMs }: KeepSettings,
  key: string,
  { entry, readAt }: Read,
  value: unknown,
  freshForMs: number,
): unknown {
  if (!freezes || !entry) return value;
  deepFreeze(value);
  if (!local || freshForMs <= 0) return value;
  const stamp = copyOf(entry.stamp);
  const bytes = entry.payload.length;
  // How long it still lives is asked behind the caller's back, once per value and process.
  void store.life(key, new Budget(deadlineMs)).then((lifeMs) => {
    if (lifeMs === UNAVAILABLE) return;
    local.rememberValue(key, value, stamp, bytes, Math.min(lifeMs, freshForMs), readAt);
  });
  return value;
}

/** Tokens out of a larger network buffer, which they would keep alive. */
function copyOf({ epoch, tags }: Stamp): Stamp {
  const copies = [...tags].map(([tag, token]) => [tag, Buffer.from(token)] as const);
  return { epoch: Buffer.from(epoch), tags: new Map(copies) };
}
