declare module '../core/events.js' {
  interface RedisKitEventMap {
    /** A value was answered from the cache. */
    'cache.hit': { cache: string; key: string; durationMs: number };
    /** The factory answered; `unavailable`: Redis could not be asked. `durationMs` includes the factory. */
    'cache.miss': {
      cache: string;
      key: string;
      reason: 'absent' | 'unavailable';
      durationMs: number;
    };
    /** A step failed and the call went on without it. `message` never holds the value. */
    'cache.error': { cache: string; key: string; operation: string; message: string };
  }
}

export type CacheEvent = 'cache.hit' | 'cache.miss' | 'cache.error';
