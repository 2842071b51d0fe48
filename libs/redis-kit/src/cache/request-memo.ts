import { AsyncLocalStorage } from 'node:async_hooks';
import { deepFreeze } from './freeze.js';

interface MemoizedValue {
  readonly value: unknown;
  /** What the call declared that read it: who declares more might not have been answered with it. */
  readonly tags: ReadonlySet<string>;
  readonly moment: number;
}

type Scope = Map<RequestMemo, Map<string, MemoizedValue>>;

// Entered by those who open a scope, and by nobody else: it costs every promise that is made inside.
const scopes = new AsyncLocalStorage<Scope>();

/**
 * Runs work in a scope of its own, unless there is one: caches with `memo: true` answer each key in it with what they
 * answered first, until this process changes something in the cache.
 */
export function runWithMemo<T>(work: () => T): T {
  return scopes.getStore() ? work() : scopes.run(new Map(), work);
}

/**
 * What the current request has read from one cache, and nothing it has made: that is read once before it is kept, and so
 * everything that is kept can be frozen without freezing an object of the application.
 */
export class RequestMemo {
  #moment = 0;

  /** To be taken before a read begins. */
  moment(): number {
    return this.#moment;
  }

  value(key: string, declared: ReadonlySet<string>): { readonly value: unknown } | undefined {
    const found = scopes.getStore()?.get(this)?.get(key);
    if (found?.moment !== this.#moment) return undefined;
    for (const tag of declared) if (!found.tags.has(tag)) return undefined;
    return found;
  }

  /** Keeps a value, as of when it was asked for: if something has changed since, it is void already. */
  remember(key: string, value: unknown, tags: ReadonlySet<string>, askedAt: number): void {
    const scope = scopes.getStore();
    if (!scope) return;
    const values = scope.get(this) ?? new Map<string, MemoizedValue>();
    scope.set(this, values.set(key, { value: deepFreeze(value), tags, moment: askedAt }));
  }

  /** Something changed in this cache, or is about to: whatever any request keeps of it is void. */
  forget(): void {
    this.#moment += 1;
  }
}
