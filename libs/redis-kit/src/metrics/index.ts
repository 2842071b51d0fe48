export { RedisMetrics } from './redis-metrics.js';
export { RedisMetricsModule } from './redis-metrics.module.js';
export type { RedisMetricsOptions } from './metrics.options.js';
