import '../../core/events.js';

declare module '../../core/events.js' {
  interface RedisKitEventMap {
    /** A call passed that these policies would have denied, were they not in shadow. `route`: class and method. */
    'rate-limit.shadow-denied': {
      route: string;
      policies: readonly string[];
      retryAfterMs: number;
    };
  }
}
