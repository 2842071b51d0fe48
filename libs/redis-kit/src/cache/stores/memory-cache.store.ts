import { LRUCache } from 'lru-cache';
import type { Lease } from '../entry.js';
import { CacheStore, type Answer } from './cache-store.js';

/** Entries in the memory of this process: bounded, least recently used first out. */
export class MemoryCacheStore extends CacheStore {
  readonly #entries: LRUCache<string, Buffer>;

  constructor(maxEntries: number) {
    super();
    this.#entries = new LRUCache({ max: maxEntries });
  }

  async read(key: string): Answer<Buffer | null> {
    return this.#entries.get(key) ?? null;
  }

  async write(key: string, entry: Buffer, ttlMs: number): Answer<void> {
    this.#entries.set(key, entry, { ttl: ttlMs });
  }

  async plant(key: string, lease: Lease, ttlMs: number): Answer<Buffer | null> {
    const present = this.#entries.get(key);
    if (present) return present;
    this.#entries.set(key, lease, { ttl: ttlMs });
    return null;
  }

  async fill(key: string, lease: Lease, entry: Buffer, ttlMs: number): Answer<boolean> {
    if (!this.#entries.get(key)?.equals(lease)) return false;
    this.#entries.set(key, entry, { ttl: ttlMs });
    return true;
  }

  async release(key: string, lease: Lease): Answer<boolean> {
    return this.#entries.get(key)?.equals(lease) === true && this.#entries.delete(key);
  }

  async remove(key: string): Promise<boolean> {
    return this.#entries.delete(key);
  }
}
