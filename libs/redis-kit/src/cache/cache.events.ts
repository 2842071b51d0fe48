import '../core/events.js';

declare module '../core/events.js' {
  interface RedisKitEventMap {
    /** A value was answered from the cache: from this process' memory, or from the store. */
    'cache.hit': { cache: string; key: string; tier: 'memory' | 'store'; durationMs: number };
    /**
     * The factory answered; `unavailable`: Redis could not be asked. `shared`: another call of this process ran it.
     * `durationMs` includes the factory.
     */
    'cache.miss': {
      cache: string;
      key: string;
      reason: 'absent' | 'unavailable';
      shared: boolean;
      durationMs: number;
    };
    /** Everything with this tag, or with `tag: null` everything, was invalidated by this process. */
    'cache.invalidated': { cache: string; tag: string | null };
    /** Invalidations that had waited for Redis were applied. */
    'cache.invalidations-replayed': { cache: string; count: number; pending: number };
    /**
     * A value older than its ttl was answered: while it is made anew (`revalidating`), because its factory failed
     * (`error`) or took too long (`slow`). `staleMs`: for how long it has been stale.
     */
    'cache.stale-served': {
      cache: string;
      key: string;
      reason: 'revalidating' | 'error' | 'slow';
      staleMs: number;
    };
    /** A factory that nobody waited for has made its value; it is stored unless something was invalidated meanwhile. */
    'cache.refreshed': { cache: string; key: string; durationMs: number };
    /** A factory that nobody waited for has failed. */
    'cache.refresh-failed': { cache: string; key: string; message: string; durationMs: number };
    /**
     * A step failed and the call went on without it. `message` never holds the value, and `key` only the kind of the
     * key with a digest, `product:~2jYzTq8HwK1v`, because this is what gets logged.
     */
    'cache.error': { cache: string; key: string; operation: string; message: string };
  }
}
