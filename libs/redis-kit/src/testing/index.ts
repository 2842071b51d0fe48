export { ClusterDeployment, type ClusterDeploymentOptions } from './rig/cluster-deployment.js';
export type { CommandStatistic, CommandStatistics } from './rig/command-stats.js';
export { eventually, type EventuallyOptions } from './rig/eventually.js';
export { isolatedNamespace } from './rig/isolated-namespace.js';
export { keysWithoutExpiry } from './rig/keys-without-expiry.js';
export { findRedisBinary, type RedisBinary } from './rig/redis-binary.js';
export { RedisServer, type ClientFilter, type RedisServerOptions } from './rig/redis-server.js';
export { ResourceSnapshot } from './rig/resource-snapshot.js';
export type { RigClientOptions, ServerAddress } from './rig/rig-client.js';
export { RigError, type RigErrorCode } from './rig/rig.errors.js';
export {
  runProcesses,
  type RunProcessesOptions,
  type ScenarioProcesses,
} from './rig/run-processes.js';
export { SentinelDeployment, type SentinelDeploymentOptions } from './rig/sentinel-deployment.js';
export { serveScenario, type ScenarioMethods } from './rig/serve-scenario.js';
export type { ServerConfig } from './rig/server-config.js';
export type { SlotMigration } from './rig/slot-migration.js';
export {
  TcpProxy,
  type CutOptions,
  type LossOptions,
  type ProxyDirection,
  type TcpProxyOptions,
} from './rig/tcp-proxy.js';
export { RedisKitTestingModule, type RedisKitTestingOptions } from './redis-kit-testing.module.js';
export { cacheContract } from './contracts/cache.contract.js';
export type { CacheContractOptions, CacheSubject } from './contracts/cache.contract.js';
export { cacheStoreContract } from './contracts/cache-store.contract.js';
export type {
  CacheStoreContractOptions,
  CacheStoreSubject,
} from './contracts/cache-store.contract.js';
export { throttlerStorageContract } from './contracts/throttler-storage.contract.js';
export type {
  CountingStorage,
  ThrottlerStorageSubject,
} from './contracts/throttler-storage.contract.js';
export { rateLimiterContract, type RateLimiterSubject } from './contracts/rate-limiter.contract.js';
export { counterContract, type CounterSubject } from './contracts/counter.contract.js';
export { leaderboardContract, type LeaderboardSubject } from './contracts/leaderboard.contract.js';
export type { ContractCase, ContractSubject } from './contracts/contract.js';
export { lockContract, LOCK_CONTRACT_OPTIONS } from './contracts/lock.contract.js';
export type { LockSubject } from './contracts/lock.contract.js';
export { semaphoreContract } from './contracts/semaphore.contract.js';
export { coordinationContract } from './contracts/coordination.contract.js';
export { eventBusContract, type EventBusSubject } from './contracts/event-bus.contract.js';
export {
  channelLayerContract,
  type ChannelLayerSubject,
} from './contracts/channel-layer.contract.js';
export { sessionVaultContract } from './contracts/session-vault.contract.js';
export type { SessionVaultSubject } from './contracts/session-vault.subject.js';
export { eventStoreContract, type EventStoreSubject } from './contracts/event-store.contract.js';
export {
  eventProcessorContract,
  type EventProcessorSubject,
} from './contracts/event-processor.contract.js';
export { aggregateScenario, type AggregateScenario } from './aggregate-scenario.js';
