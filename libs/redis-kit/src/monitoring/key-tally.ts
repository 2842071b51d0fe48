import { estimateCount, estimateSum, type Estimate, type Sample } from './estimate.js';
import { prefixOf } from './key-prefix.js';
import type { BigKey, KeyFacts, KeyGroup } from './key-reports.js';

/** What is known of one key that was examined. */
export interface ExaminedKey {
  readonly key: string;
  readonly type: string;
  readonly expires: boolean;
  /** undefined: the server does not tell. */
  readonly bytes: number | undefined;
}

/** Prefixes told apart while scanning; what keys are called after has no end. */
const MOST_PREFIXES = 1_000;
/** What the keys beyond are counted under. */
const OTHER = '(other)';
const MOST_EXAMPLES = 10;

class Group {
  keys = 0;
  withoutExpiry = 0;
  bytes = 0;
  squares = 0;

  add({ expires, bytes = 0 }: ExaminedKey): void {
    this.keys += 1;
    if (!expires) this.withoutExpiry += 1;
    this.bytes += bytes;
    this.squares += bytes * bytes;
  }

  join(other: Group): void {
    this.keys += other.keys;
    this.withoutExpiry += other.withoutExpiry;
    this.bytes += other.bytes;
    this.squares += other.squares;
  }
}

/** Adds up the keys of one server that were examined, in a bounded space. */
export class KeyTally {
  examined = 0;
  readonly #all = new Group();
  readonly #types = new Map<string, Group>();
  readonly #prefixes = new Map<string, Group>();
  readonly #examples: string[] = [];
  #bigKeys: BigKey[] = [];
  #isSized = false;

  constructor(
    private readonly namespace: string,
    private readonly mostBigKeys: number,
  ) {}

  add(key: ExaminedKey): void {
    this.examined += 1;
    this.#all.add(key);
    groupIn(this.#types, key.type).add(key);
    groupIn(this.#prefixes, prefixOf(key.key, this.namespace)).add(key);
    if (!key.expires && this.#examples.length < MOST_EXAMPLES) this.#examples.push(key.key);
    if (key.bytes !== undefined) this.#addSize(key.key, key.type, key.bytes);
  }

  /** What this says of all the keys, of which there are `population`. */
  facts(population: Estimate, mostGroups: number): Omit<KeyFacts, 'sample'> {
    const sample = { population: population.value, examined: this.examined };
    const { keys: _, ...all } = this.#estimate(this.#all, sample);
    const named = (groups: ReadonlyMap<string, Group>) =>
      [...groups].map(([name, group]) => ({ name, ...this.#estimate(group, sample) }));
    return {
      keys: population,
      ...all,
      types: named(this.#types).sort(byKeys),
      prefixes: named(largest(this.#prefixes, mostGroups)).sort(byKeys),
      bigKeys: this.#bigKeys,
      examplesWithoutExpiry: this.#examples,
    };
  }

  #addSize(key: string, type: string, bytes: number): void {
    this.#isSized = true;
    const least = this.#bigKeys.at(-1);
    if (this.#bigKeys.length >= this.mostBigKeys && least && bytes <= least.bytes) return;
    // SCAN may return a key twice.
    const others = this.#bigKeys.filter((other) => other.key !== key);
    this.#bigKeys = [...others, { key, type, bytes }]
      .sort((a, b) => b.bytes - a.bytes)
      .slice(0, this.mostBigKeys);
  }

  #estimate({ keys, withoutExpiry, bytes, squares }: Group, sample: Sample): KeyGroup {
    return {
      keys: estimateCount(keys, sample),
      withoutExpiry: estimateCount(withoutExpiry, sample),
      bytes: this.#isSized ? estimateSum(bytes, squares, sample) : null,
    };
  }
}

const byKeys = (a: KeyGroup, b: KeyGroup): number => b.keys.value - a.keys.value;

function groupIn(groups: Map<string, Group>, name: string): Group {
  const known = groups.get(name);
  if (known) return known;
  const label = groups.size < MOST_PREFIXES ? name : OTHER;
  const group = groups.get(label) ?? new Group();
  groups.set(label, group);
  return group;
}

/** The largest groups, and the rest as one. */
function largest(groups: ReadonlyMap<string, Group>, most: number): ReadonlyMap<string, Group> {
  const named = [...groups]
    .filter(([name]) => name !== OTHER)
    .sort(([, a], [, b]) => b.keys - a.keys);
  const kept = new Map(named.slice(0, most));
  const other = groups.get(OTHER) ?? new Group();
  for (const [, group] of named.slice(most)) other.join(group);
  return other.keys === 0 ? kept : kept.set(OTHER, other);
}
