import { Budget, UNAVAILABLE } from '../core/failsafe/failsafe.js';
import { safeMessage } from '../core/redact.js';
import {
  decode,
  type CacheEngine,
  type FoundValue,
  type ReadThrough,
  type Target,
} from './engine.js';
import { createToken, parseEntry } from './entry.js';
import { capturedLifeMs, produce, type Place } from './fill.js';
import type { Answer } from './stores/cache-store.js';
import type { CachedFactoryError } from './cache.errors.js';

/** The right to make a stale value anew, or who or what is in the way. */
export type Claim =
  | { readonly type: 'place'; readonly place: Place }
  | { readonly type: 'taken' | 'changed' }
  | { readonly type: 'failure'; readonly error: CachedFactoryError };

/**
 * Claims the right to make a stale value anew, beside the value, which stays readable for everybody. The new value will
 * replace exactly the entry seen here, under the tokens seen here: whatever is invalidated from now on keeps it out.
 */
export async function claimRefresh(
  engine: CacheEngine,
  call: Target,
  found: FoundValue,
  budget: Budget,
): Answer<Claim> {
  const { store, tokens } = engine;
  const claimKey = engine.refreshKey(call.name);
  const claim = createToken();
  const sentAt = engine.moment();
  const standing = await store.create(claimKey, claim, engine.leaseMs, budget);
  if (standing === UNAVAILABLE) return UNAVAILABLE;
  if (standing !== null) return whatStands(engine, call, standing, sentAt, budget);

  // Looked at again: the one before may just have finished, and its value is not to be made a second time.
  const view = await tokens.view(call.key, call.tags, budget, call.freshness.isStrict);
  if (view === UNAVAILABLE) return UNAVAILABLE;
  const now = await decode(engine, call, view, budget);
  if (now === UNAVAILABLE) return UNAVAILABLE;
  if (now.type !== 'value' || !(now.staleMs >= 0 || now.header.equals(found.header))) {
    await store.removeExactly(claimKey, claim, budget);
    return { type: 'changed' };
  }
  const stamp = await tokens.capture(view, call.tags, capturedLifeMs(call.freshness), budget);
  if (stamp === UNAVAILABLE) return UNAVAILABLE;
  const { header, value: stale } = now;
  const lease = { key: claimKey, header: claim, bytes: claim };
  return { type: 'place', place: { header, stamp, seen: view.tags, lease, stale } };
}

/** A claim without an entry's form is somebody's who is at it; a failure is one that gave up a short time ago. */
async function whatStands(
  engine: CacheEngine,
  call: Target,
  bytes: Buffer,
  sentAt: number,
  budget: Budget,
): Answer<Claim> {
  const entry = parseEntry(bytes);
  if (entry?.kind !== 'failure') return { type: 'taken' };
  const read = { entry, isCurrent: true, readAt: 0, sentAt };
  const found = await decode(engine, call, read, budget);
  return found !== UNAVAILABLE && found.type === 'failure' ? found : { type: 'taken' };
}

/**
 * Makes a value anew while callers are answered with the one that is there. One at a time among processes; what
 * happened is announced, and never thrown.
 */
export function refreshInBackground(
  engine: CacheEngine,
  call: ReadThrough,
  found: FoundValue,
): void {
  engine.runs.inBackground(call.key, async () => {
    const claim = await claimRefresh(engine, call, found, new Budget(engine.deadlineMs));
    if (claim !== UNAVAILABLE && claim.type === 'place') {
      await announced(engine, call, produce(engine, call, claim.place));
    }
  });
}

/** Tells how work ended that nobody waits for. Never rejects. */
export async function announced(
  { cache, events }: CacheEngine,
  { name }: Target,
  work: Promise<unknown>,
): Promise<void> {
  const startedAt = performance.now();
  const facts = () => ({ cache, key: name, durationMs: performance.now() - startedAt });
  try {
    await work;
    events.emit('cache.refreshed', facts());
  } catch (error) {
    events.emit('cache.refresh-failed', { ...facts(), message: safeMessage(error) });
  }
}
