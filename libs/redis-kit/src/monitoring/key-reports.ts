import type { Duration } from '../core/duration.js';
import type { Estimate } from './estimate.js';
import type { MonitorReport } from './monitor-reports.js';

/** Options of `RedisMonitor.keyStatistics`. */
export interface KeyStatisticsOptions {
  /** Name of the connection; default: `'default'`. */
  readonly connection?: string | undefined;
  /** Only keys that match this glob; default: all. */
  readonly pattern?: string | undefined;
  /** Longest time spent on each master; default: `'2s'`. */
  readonly budget?: Duration | undefined;
  /** Prefixes that are told apart in the result, the rest is `(other)`; default: 30. */
  readonly prefixes?: number | undefined;
  /** How many of the largest keys are named; default: 10. */
  readonly bigKeys?: number | undefined;
}

/** Keys with something in common. */
export interface KeyGroup {
  readonly keys: Estimate;
  readonly withoutExpiry: Estimate;
  /** What they take in memory, names included; null when the server does not tell. */
  readonly bytes: Estimate | null;
}

export interface NamedKeyGroup extends KeyGroup {
  readonly name: string;
}

export interface BigKey {
  /** The whole name, which may say something of a person. */
  readonly key: string;
  readonly type: string;
  /** As `MEMORY USAGE` estimates it, from five members of a collection. */
  readonly bytes: number;
}

/** What the numbers rest on. */
export interface KeySample {
  /** Keys that SCAN returned. */
  readonly seen: number;
  /** Of these, keys whose type, expiry and size were asked for. */
  readonly examined: number;
  /** How much of the server's keys SCAN went through, from 0 to 1; null when the server does not tell how many it has. */
  readonly coverage: number | null;
  /** False when the time was up before every key was seen. */
  readonly isComplete: boolean;
  /** Of the margins: that the true number is within them. */
  readonly confidence: 0.95;
  readonly durationMs: number;
}

/** The keys of one server, or of all masters together. */
export interface KeyFacts extends KeyGroup {
  readonly types: readonly NamedKeyGroup[];
  readonly prefixes: readonly NamedKeyGroup[];
  /** The largest of the keys that were examined. Unless all were, there may be larger ones. */
  readonly bigKeys: readonly BigKey[];
  /** Some keys that never expire. */
  readonly examplesWithoutExpiry: readonly string[];
  readonly sample: KeySample;
}

export type KeyStatistics = MonitorReport<KeyFacts, KeyFacts>;
