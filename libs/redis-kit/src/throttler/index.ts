export { RedisThrottlerModule } from './redis-throttler.module.js';
export { RedisThrottlerStorage } from './redis-throttler.storage.js';
export type { RedisThrottlerOptions } from './throttler.options.js';
