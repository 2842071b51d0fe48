export { createKeyv, RedisKitKeyvStore } from './keyv.store.js';
export type { RedisKitKeyvOptions } from './keyv.store.js';
