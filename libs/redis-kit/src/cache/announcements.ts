import type { RedisKitEvents } from '../core/events.js';
import type { KeySpace } from '../core/key-space.js';
import { redactKey, safeMessage } from '../core/redact.js';
import { cacheEntriesPrefix } from './cache.keys.js';
import type { Outcome } from './flights.js';
import './cache.events.js';

/** What a cache tells of its calls. Nothing is made of what nobody listens to: most calls are hits, and cheap. */
export class Announcements {
  constructor(
    private readonly cache: string,
    private readonly events: RedisKitEvents,
    private readonly keySpace: KeySpace,
  ) {}

  /** When a read begins; nobody looks at the clock for nobody. */
  start(): number {
    return this.events.has('cache.hit') || this.events.has('cache.miss') ? performance.now() : 0;
  }

  /** How a read ended that began at `startedAt`. */
  read(key: string, source: Outcome['source'], startedAt: number, shared = false): void {
    if (source === 'cache') {
      this.hit(key, 'store', startedAt);
    } else if (this.events.has('cache.miss')) {
      const reason = source === 'factory' ? 'absent' : 'unavailable';
      const durationMs = performance.now() - startedAt;
      this.events.emit('cache.miss', { cache: this.cache, key, reason, shared, durationMs });
    }
  }

  hit(key: string, tier: 'memory' | 'store', startedAt: number): void {
    if (!this.events.has('cache.hit')) return;
    const durationMs = performance.now() - startedAt;
    this.events.emit('cache.hit', { cache: this.cache, key, tier, durationMs });
  }

  invalidated(tag: string | null): void {
    this.events.emit('cache.invalidated', { cache: this.cache, tag });
  }

  replayed(count: number, pending: number): void {
    this.events.emit('cache.invalidations-replayed', { cache: this.cache, count, pending });
  }

  /** @param redisKey is told without what it may say of a person. */
  failure(operation: string, redisKey: string, error: unknown): void {
    if (!this.events.has('cache.error')) return;
    const key = keyForLogs(this.keySpace, this.cache, redisKey);
    const message = safeMessage(error);
    this.events.emit('cache.error', { cache: this.cache, key, operation, message });
  }
}

/** How events that end up in logs name a key in Redis: an entry by the key the application gave it, redacted. */
function keyForLogs(keySpace: KeySpace, cache: string, redisKey: string): string {
  const entries = cacheEntriesPrefix(keySpace, cache);
  if (redisKey.startsWith(entries)) {
    return redactKey(redisKey.slice(entries.length).replace(/\}(:\d+)?$/, ''));
  }
  const ours = keySpace.prefix('');
  return redactKey(redisKey.startsWith(ours) ? redisKey.slice(ours.length) : redisKey);
}
