declare module '../core/events.js' {
  interface RedisKitEventMap {
    /** A value was answered from the cache: from this process' memory, or from the store. */
    'cache.hit': { cache: string; key: string; tier: 'memory' | 'store'; durationMs: number };
    /** The factory answered; `unavailable`: Redis could not be asked. `durationMs` includes the factory. */
    'cache.miss': {
      cache: string;
      key: string;
      reason: 'absent' | 'unavailable';
      durationMs: number;
    };
    /** Everything with this tag, or with `tag: null` everything, was invalidated by this process. */
    'cache.invalidated': { cache: string; tag: string | null };
    /** Invalidations that had waited for Redis were applied. */
    'cache.invalidations-replayed': { cache: string; count: number; pending: number };
    /** A step failed and the call went on without it. `message` never holds the value. */
    'cache.error': { cache: string; key: string; operation: string; message: string };
  }
}

export {};
