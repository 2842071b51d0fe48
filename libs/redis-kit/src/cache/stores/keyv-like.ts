/** What a cache needs of a Keyv (5.6 or later of its major version), spelt out so that nobody needs Keyv's types. */
export interface KeyvLike {
  throwOnErrors: boolean;
  readonly namespace?: string | undefined;
  /** The adapter, such as `KeyvPostgres`, or a Map. */
  readonly store: unknown;
  get(key: string, options: { raw: true }): Promise<KeyvEntry | undefined>;
  getMany(keys: string[], options: { raw: true }): Promise<(KeyvEntry | undefined)[]>;
  set(key: string, value: string, ttl: number): Promise<boolean>;
  delete(key: string): Promise<boolean>;
  /** Only of adapters that can list their keys. */
  readonly iterator?: ((namespace?: string) => AsyncIterable<unknown>) | undefined;
  on(event: 'error', listener: (error: unknown) => void): unknown;
  off(event: 'error', listener: (error: unknown) => void): void;
}

/** As a Keyv answers with `raw`. `expires`: milliseconds, by the clock of the process that wrote it. */
export interface KeyvEntry {
  readonly value?: unknown;
  readonly expires?: number | null | undefined;
}

const METHODS = ['get', 'getMany', 'set', 'delete', 'on', 'off'] as const;

/** True for a Keyv; an adapter has no `getMany` with raw entries, and is not one. */
export function isKeyv(value: unknown): value is KeyvLike {
  if (typeof value !== 'object' || value === null || !('throwOnErrors' in value)) return false;
  return METHODS.every((name) => typeof (value as Record<string, unknown>)[name] === 'function');
}
