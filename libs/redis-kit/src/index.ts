export { RedisKitModule } from './redis-kit.module.js';
export type {
  RedisKitAsyncOptions,
  RedisKitFeatureOptions,
  RedisKitOptionsFactory,
} from './redis-kit.module.js';
export type { RedisKitOptions } from './redis-kit.options.js';

// Connections
export { getRedisToken, InjectRedis } from './core/connections/inject-redis.decorator.js';
export type { ConnectionOptions } from './core/connections/connection.options.js';
export type { RedisClient } from './core/connections/connection-url.js';

// Events, durations, errors
export { RedisKitEvents } from './core/events.js';
export type {
  RedisKitEvent,
  RedisKitEventMap,
  RedisKitListener,
  RedisKitListeners,
} from './core/events.js';
export type { Duration } from './core/duration.js';
export {
  CodecError,
  ConfigurationError,
  CrossSlotError,
  DeadlineExceededError,
  RedisKitError,
  RedisUnavailableError,
} from './core/redis-kit.error.js';
export type { ConfigurationIssue } from './core/redis-kit.error.js';

// Cache
export { CacheService } from './cache/cache.service.js';
export type {
  CacheCallOptions,
  CacheLookup,
  CacheManyOptions,
  CacheReadOptions,
} from './cache/cache-calls.js';
export type { LoadMissing } from './cache/get-many.js';
export type { LoadedValues } from './cache/loaded-values.js';
export type { CachePatternOptions } from './cache/invalidate-pattern.js';
export type {
  WarmCounts,
  WarmEntry,
  WarmOptions,
  WarmResult,
  WarmSource,
} from './cache/warm-up.js';
export { Cacheable } from './cache/cacheable.decorator.js';
export type { CacheableOptions } from './cache/cacheable.decorator.js';
export { CachePut } from './cache/cache-put.decorator.js';
export type { CachePutOptions } from './cache/cache-put.decorator.js';
export { CacheEvict } from './cache/cache-evict.decorator.js';
export type { CacheEvictOptions } from './cache/cache-evict.decorator.js';
export { CacheConfig } from './cache/cache-config.decorator.js';
export type { CacheConfigOptions } from './cache/cache-config.js';
export { invalidate } from './cache/invalidate.js';
export type { Invalidatable } from './cache/invalidate.js';
export { EntityCache } from './cache/entity-cache.js';
export type { EntityCacheOptions, EntityId } from './cache/entity-cache.js';
export { QueryCache } from './cache/query-cache.js';
export type { QueryCacheOptions, QueryCallOptions, RunnableQuery } from './cache/query-cache.js';
export type { SqlSource, SqlText } from './cache/sql-text.js';
export { inTransaction } from './cache/in-transaction.js';
export type { CacheKey } from './cache/cache-key.js';
export { getCacheToken, InjectCache } from './cache/caches.js';
export {
  CachedFactoryError,
  CacheInvalidationError,
  CacheKeyError,
  CacheLoaderError,
  CachePatternError,
  EntityNotFoundError,
  FactoryTimeoutError,
} from './cache/cache.errors.js';
export type { CacheFactory, FactoryContext } from './cache/factory-runs.js';
export type {
  CallFreshness,
  FactoryTimeoutOptions,
  FreshnessOptions,
} from './cache/freshness.options.js';
export type { CacheOptions } from './cache/cache.options.js';
export { CacheMemoInterceptor } from './cache/cache-memo.interceptor.js';
export { CacheMemoMiddleware } from './cache/cache-memo.middleware.js';
export { runWithMemo } from './cache/request-memo.js';
export type { KeyvEntry, KeyvLike } from './cache/stores/keyv-like.js';
export { HttpCache } from './cache/http/http-cache.decorator.js';
export { HttpCacheInterceptor } from './cache/http/http-cache.interceptor.js';
export type {
  HttpCacheControl,
  HttpCacheOptions,
  HttpCacheVaryBy,
} from './cache/http/http-cache.options.js';
export type { FromRequest, HttpCacheRequest } from './cache/http/http-request.js';

// Rate limits
export { RateLimiter } from './rate-limit/rate-limiter.js';
export { RateLimitCostError } from './rate-limit/rate-limit.errors.js';
export type {
  RateLimitCallOptions,
  RateLimitDecision,
  RateLimitOutlook,
  RateLimitPolicyResult,
  RateLimitSource,
  RateLimitTracker,
} from './rate-limit/decision.js';
export type {
  RateLimitAlgorithm,
  RateLimitBlockOptions,
  RateLimitInsurance,
  RateLimitPolicy,
} from './rate-limit/policy.options.js';
export type { DenyCacheOptions, RateLimitOptions } from './rate-limit/rate-limit.options.js';
export { RateLimit, SkipRateLimit } from './rate-limit/http/rate-limit.decorator.js';
export { RateLimitGuard } from './rate-limit/http/rate-limit.guard.js';
export { RateLimitInterceptor } from './rate-limit/http/rate-limit.interceptor.js';
export {
  ClientDeniedException,
  RateLimitExceededException,
  RateLimitUnavailableException,
} from './rate-limit/http/rate-limit.exception.js';
export { RateLimitTrackerError } from './rate-limit/http/tracker.errors.js';
export type { RateLimitHttpOptions } from './rate-limit/http/rate-limit-http.options.js';
export type { RateLimitHeaderStyle } from './rate-limit/http/rate-limit-headers.js';
export type { RateLimitRequest } from './rate-limit/http/limited-call.js';
export type {
  FromCall,
  RateLimitRouteOptions,
  RateLimitRoutePolicy,
  RouteLimit,
} from './rate-limit/http/route-policy.options.js';
export type {
  RateLimitBy,
  RateLimitTrackerFunction,
  RateLimitTrackerName,
} from './rate-limit/http/trackers.js';

// Counters, leaderboards, request tracking
export { CounterService } from './counters/counter.service.js';
export type { CounterBucket, CounterSelection } from './counters/counter.service.js';
export type { CounterScope, IncrementOptions, SeriesOptions } from './counters/counter-calls.js';
export type {
  CounterOptions,
  CounterWindow,
  RequestTrackingOptions,
} from './counters/counters.options.js';
export {
  CounterArgumentError,
  CounterGroupFullError,
  CounterOverflowError,
  LeaderboardArgumentError,
} from './counters/counters.errors.js';
export { LeaderboardService } from './counters/leaderboard.service.js';
export type {
  BoardReadOptions,
  Leaderboard,
  LeaderboardEntry,
  MemberData,
  PageOptions,
  ScoreOptions,
  SubmitOptions,
} from './counters/leaderboard.service.js';
export type { LeaderboardOptions } from './counters/leaderboard.options.js';
export { RequestStats } from './counters/requests/request-stats.js';
export type {
  RequestBucket,
  RequestCounts,
  RequestStatsOptions,
  RequestSummary,
  RouteCounts,
} from './counters/requests/request-stats.js';
export type { Speed, StatusClass } from './counters/requests/request-log.js';
export { RequestTrackingMiddleware } from './counters/requests/request-tracking.middleware.js';

// Locks
export { Lock } from './lock/lock.js';
export { LockService } from './lock/lock.service.js';
export { fenceCondition } from './lock/fence-condition.js';
export type { FenceCondition } from './lock/fence-condition.js';
export { FencedWriter } from './lock/fenced-writer.js';
export type { FencedValue, FencedWriteOptions } from './lock/fenced-writer.js';
export { LockSet } from './lock/lock-set.js';
export { WithLock } from './lock/with-lock.decorator.js';
export type { LockName } from './lock/lock-name.js';
export { RunOnce } from './lock/run-once.decorator.js';
export type { RunOnceOptions } from './lock/run-once.decorator.js';
export type { LockCallOptions, LockOptions, LocksOptions } from './lock/lock.options.js';
export {
  LockAbortedError,
  LockLostError,
  LockNotHeldError,
  LockNotReplicatedError,
  LockTimeoutError,
} from './lock/lock.errors.js';
export type { LockLostReason } from './lock/lock.errors.js';
export type { HoldKind } from './lock/stores/hold-store.js';
export { Semaphore } from './lock/semaphore.js';
export type { PermitCallOptions, SemaphoreOptions } from './lock/semaphore.js';
export { ReadWriteLock, WriteLock } from './lock/read-write-lock.js';
export { Election } from './lock/election.js';
export type { ElectionOptions, Leadership } from './lock/election.js';
export { Latch } from './lock/latch.js';
export type { LatchOptions, LatchWaitOptions } from './lock/latch.js';
export {
  LatchTimeoutError,
  LockSharedError,
  LockUpgradeError,
  PermitsExceededError,
} from './lock/permit.errors.js';

// Monitoring
export { RedisMonitor } from './monitoring/redis-monitor.js';
export type {
  HealthCheckOptions,
  HitRatioOptions,
  MonitorCallOptions,
  SlowLogOptions,
  StreamGroupsOptions,
} from './monitoring/redis-monitor.js';
export type { HealthReport } from './monitoring/health-report.js';
export type { HealthReason } from './core/feature-health.js';
export type { Estimate } from './monitoring/estimate.js';
export type {
  BigKey,
  KeyFacts,
  KeyGroup,
  KeySample,
  KeyStatistics,
  KeyStatisticsOptions,
  NamedKeyGroup,
} from './monitoring/key-reports.js';
export type { MetricFamily, MetricSample } from './monitoring/metric-families.js';
export type { LatencyTotals } from './monitoring/latency.js';
export type {
  HealthThresholdsOptions,
  MonitoringOptions,
} from './monitoring/monitoring.options.js';
export type {
  CommandLatency,
  HitRatio,
  LatencyEvent,
  LatencyFacts,
  MemoryFacts,
  MemoryTotals,
  MonitorReport,
  OfNode,
  OldestPending,
  PersistenceFacts,
  ReplicaFacts,
  ReplicationFacts,
  ServerFacts,
  ServerTotals,
  SlowCommand,
  SlowLog,
  SlowLogFacts,
  StreamGroup,
  StreamGroups,
  Unanswered,
} from './monitoring/monitor-reports.js';

// Event bus
export { RedisEventBus } from './events/redis-event-bus.js';
export type {
  EventSubscription,
  PublishedEvent,
  PublishOptions,
} from './events/redis-event-bus.js';
export { OnRedisEvent } from './events/on-redis-event.decorator.js';
export type { OnRedisEventOptions } from './events/on-redis-event.decorator.js';
export type { EventHandlerStats } from './events/event-handler.js';
export type { EventGap, EventGapReason } from './events/gap.js';
export type { EventHandlerOptions, SubscribeOptions } from './events/handler.options.js';
export type { EventsOptions } from './events/events.options.js';
export type { RedisEvent } from './events/incoming-event.js';
export {
  EventNameError,
  EventNotPublishedError,
  EventOutcomeUnknownError,
  EventPayloadError,
} from './events/events.errors.js';

// Channel layer
export { ChannelLayer } from './events/channels/channel-layer.js';
export type { GroupSendOptions, NewChannelOptions } from './events/channels/channel-layer.js';
export { Channel } from './events/channels/channel.js';
export type { ReceiveOptions } from './events/channels/channel.js';
export type { ChannelLayerOptions } from './events/channels/channels.options.js';
export {
  ChannelClosedError,
  ChannelMessageError,
  ChannelNameError,
  ChannelUnavailableError,
} from './events/channels/channels.errors.js';

// Streams and event sourcing
export { EventStore } from './streams/event-store.js';
export type { ReadAllOptions, ReadOptions } from './streams/event-store.js';
export type {
  AppendOptions,
  AppendResult,
  Durability,
  ExpectedVersion,
} from './streams/append-options.js';
export type { LoggedEvent, NewEvent, StoredEvent } from './streams/event.js';
export type { EventQuery, LogPage, LogQuery } from './streams/event-query.js';
export type { LogGap, LogPosition } from './streams/log-position.js';
export type { StreamSubscribeOptions, Subscription } from './streams/subscription.js';
export { EventSourcedAggregate } from './streams/aggregate.js';
export type { DomainEvent } from './streams/aggregate.js';
export type { AggregateRepository, RepositoryOptions } from './streams/aggregate-repository.js';
export { EventProcessor } from './streams/processing/event-processor.js';
export type { PartitionStatus } from './streams/processing/event-processor.js';
export { StreamHandler } from './streams/processing/stream-handler.decorator.js';
export type { StreamHandlerOptions } from './streams/processing/handler.options.js';
export type { EventHandler } from './streams/processing/handler-group.js';
export { DeadLetters } from './streams/processing/dead-letters.js';
export type {
  DeadLetter,
  DeadLetterSource,
  DeadLetterSummary,
} from './streams/processing/dead-letters.js';
export { Inbox } from './streams/processing/inbox.js';
export type { ProcessOnceOptions } from './streams/processing/inbox.js';
export { EventType } from './streams/event-type.js';
export type { EventTypeOptions, PayloadClass } from './streams/event-type.js';
export type {
  CategoryOptions,
  DurabilityOptions,
  StreamsOptions,
} from './streams/streams.options.js';
export {
  AggregateNotFoundError,
  AppendNotReplicatedError,
  AppendOutcomeUnknownError,
  ConcurrencyError,
  EventIdReusedError,
  StreamPayloadError,
  EvictionError,
  InboxBusyError,
  InboxLostError,
  PartitionCountError,
  StreamArgumentError,
} from './streams/streams.errors.js';
