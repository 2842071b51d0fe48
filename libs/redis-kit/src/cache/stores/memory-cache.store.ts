import { LRUCache } from 'lru-cache';
import { withStaleFrom } from '../entry.js';
import { Glob } from '../glob.js';
import { CacheStore, type Answer, type RemovalListener } from './cache-store.js';

/** Entries in the memory of this process: bounded, least recently used first out. */
export class MemoryCacheStore extends CacheStore {
  readonly #entries: LRUCache<string, Buffer>;

  constructor(maxEntries: number) {
    super();
    this.#entries = new LRUCache({ max: maxEntries });
  }

  async read(keys: readonly string[]): Answer<(Buffer | null)[]> {
    return keys.map((key) => this.#entries.get(key) ?? null);
  }

  async write(key: string, bytes: Buffer, ttlMs: number): Answer<void> {
    this.#entries.set(key, bytes, { ttl: ttlMs });
  }

  async create(key: string, bytes: Buffer, ttlMs: number): Answer<Buffer | null> {
    const present = this.#entries.get(key);
    if (present) return present;
    this.#entries.set(key, bytes, { ttl: ttlMs });
    return null;
  }

  async replace(key: string, header: Buffer, bytes: Buffer, ttlMs: number): Answer<boolean> {
    if (!this.#stands(key, header)) return false;
    this.#entries.set(key, bytes, { ttl: ttlMs });
    return true;
  }

  async removeExactly(key: string, header: Buffer): Answer<boolean> {
    return this.#stands(key, header) && this.#entries.delete(key);
  }

  async extend(key: string, ttlMs: number): Answer<void> {
    const bytes = this.#entries.get(key);
    if (bytes && this.#entries.getRemainingTTL(key) < ttlMs) {
      this.#entries.set(key, bytes, { ttl: ttlMs });
    }
  }

  async life(key: string): Answer<number> {
    return this.#entries.getRemainingTTL(key);
  }

  async put(key: string, bytes: Buffer, ttlMs: number): Promise<void> {
    this.#entries.set(key, bytes, { ttl: ttlMs });
  }

  async remove(keys: readonly string[]): Promise<boolean> {
    // One that has expired is no longer there, although its memory is not free yet.
    const present = keys.filter((key) => this.#entries.has(key));
    for (const key of keys) this.#entries.delete(key);
    return present.length > 0;
  }

  async expire(key: string): Promise<boolean> {
    const bytes = this.#entries.get(key);
    if (!bytes) return false;
    const stale = withStaleFrom(bytes, await this.now());
    if (stale) this.#entries.set(key, stale, { ttl: this.#entries.getRemainingTTL(key) });
    else this.#entries.delete(key);
    return true;
  }

  async now(): Promise<number> {
    return Math.round(performance.timeOrigin + performance.now());
  }

  async *keys(glob: string): AsyncGenerator<readonly string[]> {
    const pattern = new Glob(glob);
    yield [...this.#entries.keys()].filter((key) => pattern.matches(key));
  }

  async removeMatching(
    glob: string,
    _deadlineMs: number,
    onStep: RemovalListener,
  ): Promise<number> {
    let removed = 0;
    for await (const keys of this.keys(glob)) {
      for (const key of keys) if (this.#entries.delete(key)) removed += 1;
    }
    onStep(removed);
    return removed;
  }

  #stands(key: string, header: Buffer): boolean {
    const bytes = this.#entries.get(key);
    return bytes?.subarray(0, header.length).equals(header) === true;
  }
}
