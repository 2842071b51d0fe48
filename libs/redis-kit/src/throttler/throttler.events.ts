import '../core/events.js';

declare module '../core/events.js' {
  interface RedisKitEventMap {
    /** Redis did not count a hit of this throttler; `onFailure` decided. `message` never holds the key. */
    'throttler.degraded': { throttler: string; message: string };
  }
}
