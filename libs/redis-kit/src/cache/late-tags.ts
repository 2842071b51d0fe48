import { LRUCache } from 'lru-cache';
import { UNAVAILABLE, type Budget } from '../core/failsafe/failsafe.js';
import type { Stamp } from './entry.js';
import type { Answer } from './stores/cache-store.js';
import type { Tokens, View } from './tokens.js';

/** A forgotten token costs one value that is not stored. */
const REMEMBERED_TAGS = 10_000;

interface Seen {
  readonly token: Buffer;
  /** When (monotonic) this process first knew the token. */
  readonly since: number;
}

/**
 * Tags that a factory names while it runs. Their tokens cannot be captured before it starts, so an invalidation that it
 * did not see might have come in between.
 *
 * The rule: a late tag is accepted only if its token now is one that this process knew before the factory started, from
 * the entry that stood there or from an earlier run. Tokens are random and never come back, so nothing was invalidated
 * in between. A tag that was never seen is remembered, and the value not stored: the next run can be.
 */
export class LateTags {
  readonly #seen = new LRUCache<string, Seen>({ max: REMEMBERED_TAGS });

  constructor(private readonly tokens: Tokens) {}

  /**
   * The stamp with the late tags in it; undefined when one of them may have been invalidated since `startedAt`.
   *
   * @param before tokens read before the factory started.
   */
  async join(
    stamp: Stamp,
    late: ReadonlySet<string>,
    { before, startedAt }: { before: View['tags']; startedAt: number },
    lifeMs: number,
    budget: Budget,
  ): Answer<Stamp | undefined> {
    const missing = new Set([...late].filter((tag) => !stamp.tags.has(tag)));
    if (missing.size === 0) return stamp;
    const now = await this.tokens.current(missing, lifeMs, budget);
    if (now === UNAVAILABLE) return UNAVAILABLE;
    let isProven = true;
    for (const [tag, token] of now.tags) {
      const seen = this.#seen.get(tag);
      const isKnown = seen?.token.equals(token) === true;
      if (!isKnown) this.#seen.set(tag, { token, since: performance.now() });
      const wasKnown = isKnown && seen.since <= startedAt;
      if (!wasKnown && !before.get(tag)?.equals(token)) isProven = false;
    }
    if (!isProven) return undefined;
    return { epoch: stamp.epoch, tags: new Map([...stamp.tags, ...now.tags]) };
  }
}
