import { hash } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import type { KeySpace } from '../core/key-space.js';
import type { Limit } from './limit.js';
import { rateLimitBlocksKey, rateLimitBucketKey } from './rate-limit.keys.js';

/** 132 bits: no two trackers meet, and none can choose its neighbours. */
const DIGEST_LENGTH = 22;
/** Trackers whose keys are remembered: whoever asks often is not hashed again and again. */
const REMEMBERED = 10_000;

/** The keys of one tracker. */
export interface TrackerKeys {
  readonly blocks: string;
  /** In the order of the limits. */
  readonly buckets: readonly string[];
}

interface KnownTracker extends TrackerKeys {
  readonly limits: readonly Limit[];
}

/** Spells the keys of trackers, by their digests. */
export class TrackerKeySpace {
  readonly #known = new LRUCache<string, KnownTracker>({ max: REMEMBERED });

  constructor(private readonly keySpace: KeySpace) {}

  of(tracker: string, limits: readonly Limit[]): TrackerKeys {
    const known = this.#known.get(tracker);
    if (known?.limits === limits) return known;
    const digest = trackerDigest(tracker);
    const keys = {
      limits,
      blocks: rateLimitBlocksKey(this.keySpace, digest),
      buckets: limits.map(({ kind, name }) =>
        rateLimitBucketKey(this.keySpace, digest, kind, name),
      ),
    };
    this.#known.set(tracker, keys);
    return keys;
  }
}

/** The digest that stands for a tracker in keys. */
function trackerDigest(tracker: string): string {
  // Not UTF-8, in which different texts with lone surrogates are the same.
  return hash('sha256', Buffer.from(tracker, 'utf16le'), 'base64url').slice(0, DIGEST_LENGTH);
}
