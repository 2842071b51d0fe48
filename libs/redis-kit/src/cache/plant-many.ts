import { UNAVAILABLE, type Budget } from '../core/failsafe/failsafe.js';
import type { CacheEngine, Target } from './engine.js';
import { createLease, headerOf, type Stamp } from './entry.js';
import { capturedLifeMs, type Place } from './fill.js';
import type { Answers, StoreCommand } from './stores/cache-store.js';
import type { ManyViews, Tokens, View } from './tokens.js';

/** Plants a lease in each of these keys; undefined where somebody else was faster. */
export async function plantMany(
  { tokens, store, leaseMs }: CacheEngine,
  absent: readonly { readonly target: Target; readonly view: View }[],
  seen: ManyViews,
  budget: Budget,
): Answers<Place | undefined> {
  if (absent.length === 0) return [];
  const targets = absent.map(({ target }) => target);
  const stamps = await captureMany(tokens, targets, seen, budget);
  const commands: StoreCommand[] = [];
  const planted = absent.map(({ target: { key }, view }, i) => {
    const stamp = stamps[i]!;
    if (stamp === UNAVAILABLE) return UNAVAILABLE;
    const bytes = createLease(stamp);
    const at = { key, bytes, ttlMs: leaseMs };
    const { header: standing, tags } = view;
    const header = headerOf(bytes);
    const command: StoreCommand =
      standing === null ? { type: 'create', ...at } : { type: 'replace', header: standing, ...at };
    const lease = { key, header, bytes };
    const place = { header, stamp, seen: tags, lease, stale: undefined };
    return { at: commands.push(command) - 1, place };
  });
  const answers = await store.batch(commands, budget);
  return planted.map((one) => {
    const answer = one === UNAVAILABLE ? one : answers[one.at]!;
    if (one === UNAVAILABLE || answer === UNAVAILABLE) return UNAVAILABLE;
    return answer ? one.place : undefined;
  });
}

/** The tokens that each of these is to be stored under; taken together, and apart where a server is away. */
export async function captureMany(
  tokens: Tokens,
  targets: readonly Target[],
  seen: Pick<View, 'epoch' | 'tags'>,
  budget: Budget,
): Answers<Stamp> {
  const lifeMs = Math.max(...targets.map(({ freshness }) => capturedLifeMs(freshness)));
  const tags = new Set(targets.flatMap((target) => [...target.tags]));
  const all = await tokens.capture(seen, tags, lifeMs, budget);
  if (all !== UNAVAILABLE) return targets.map((target) => partOf(all, target.tags));
  return Promise.all(targets.map((target) => tokens.capture(seen, target.tags, lifeMs, budget)));
}

/** Those of the tokens that belong to these tags. */
const partOf = ({ epoch, tags }: Stamp, wanted: ReadonlySet<string>): Stamp => ({
  epoch,
  tags: new Map([...wanted].map((tag) => [tag, tags.get(tag)!])),
});
