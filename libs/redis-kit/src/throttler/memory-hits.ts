import { LRUCache } from 'lru-cache';
import type { HitCount, HitPolicy } from './hits.js';

/** Clients remembered at a time; the one not seen for longest is forgotten first. */
const MOST_CLIENTS = 10_000;

interface Client {
  /** When each hit expires, oldest first. */
  hits: number[];
  blockedUntil: number;
}

/** The count of this process alone, for when Redis is away, and for tests without it. The same rules as count-hit.lua. */
export class MemoryHits {
  readonly #clients = new LRUCache<string, Client>({ max: MOST_CLIENTS });

  count(key: string, { ttlMs, limit, blockMs }: HitPolicy): HitCount {
    // Whole milliseconds: sums and differences of fractions are not exact, and seconds are rounded up.
    const now = Math.floor(performance.now());
    const client = this.#clients.get(key) ?? { hits: [], blockedUntil: 0 };
    if (blockMs > 0 && client.blockedUntil > now) {
      const left = client.blockedUntil - now;
      return { totalHits: limit + 1, expiresInMs: left, isBlocked: true, unblockedInMs: left };
    }
    client.hits = client.hits.filter((expiry) => expiry > now);
    this.#clients.set(key, client);
    const oldest = client.hits[0] ?? now + ttlMs;
    const expiresInMs = oldest - now;
    const total = client.hits.length + 1;
    if (total <= limit) {
      client.hits.push(now + ttlMs);
      return { totalHits: total, expiresInMs, isBlocked: false, unblockedInMs: 0 };
    }
    if (blockMs <= 0) {
      return { totalHits: total, expiresInMs, isBlocked: true, unblockedInMs: expiresInMs };
    }
    client.hits = [];
    client.blockedUntil = now + blockMs;
    return { totalHits: total, expiresInMs: blockMs, isBlocked: true, unblockedInMs: blockMs };
  }

  clear(): void {
    this.#clients.clear();
  }
}
