import { CacheLoaderError } from './cache.errors.js';

/**
 * What a loader of many keys may answer: a Map or an object by key, or a list in the order of the keys it was given.
 * `undefined`, and a key that is left out, mean that there is nothing; `null` is a value like any other.
 */
export type LoadedValues<T> =
  ReadonlyMap<string, T> | Readonly<Record<string, T | undefined>> | readonly (T | undefined)[];

/**
 * The values of the keys that were asked for; others that the loader added are dropped.
 *
 * @throws CacheLoaderError for a list of another length, which would give keys the values of others, and for anything
 *   that is neither Map, object nor list.
 */
export function loadedValues(keys: readonly string[], loaded: unknown): Map<string, unknown> {
  const valueOf = reader(keys, loaded);
  const values = new Map<string, unknown>();
  for (const [i, key] of keys.entries()) {
    const value = valueOf(key, i);
    if (value !== undefined) values.set(key, value);
  }
  return values;
}

function reader(keys: readonly string[], loaded: unknown): (key: string, at: number) => unknown {
  if (loaded instanceof Map) return (key) => loaded.get(key) as unknown;
  if (Array.isArray(loaded)) {
    if (loaded.length === keys.length) return (_, at) => loaded[at] as unknown;
    throw new CacheLoaderError(
      `A loader that answers a list gives one value a key, in their order: asked for ${keys.length}, got ` +
        `${loaded.length}. Put undefined where there is nothing, or answer a Map.`,
    );
  }
  if (typeof loaded === 'object' && loaded !== null) {
    const record = loaded as Readonly<Record<string, unknown>>;
    return (key) => (Object.hasOwn(record, key) ? record[key] : undefined);
  }
  throw new CacheLoaderError(
    `A loader answers a Map or an object by key, or a list in the order of the keys, got ${String(loaded)}`,
  );
}
