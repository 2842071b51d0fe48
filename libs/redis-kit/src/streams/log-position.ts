import type { PartitionPlace } from './stream-name.js';
import { START } from './stores/event-storage.js';
import { StreamArgumentError } from './streams.errors.js';

/**
 * How far somebody has read: the position in each partition, under `<category>.<partition>`. Plain JSON, to be stored
 * beside what was made of the events.
 */
export type LogPosition = Readonly<Record<string, string>>;

/** Events that a reader of a log did not get. */
export interface LogGap {
  readonly category: string;
  readonly partition: number;
  /**
   * `trimmed`: they were removed before they were read. `rolled-back`: the reader has had them, and a failover lost
   * them; what stands there now are other events.
   */
  readonly kind: 'trimmed' | 'rolled-back';
  readonly count: number;
}

export const placeId = ({ category, partition }: PartitionPlace): string =>
  `${category}.${partition}`;

/** The number of an event in its partition's log; they are dense. */
export function ordinalOf(position: string): number {
  return Number(position.slice(position.indexOf('-') + 1));
}

/** What lies between the last position that was read and the next one. */
export function gapBetween(place: PartitionPlace, last: string, next: string): LogGap | undefined {
  const missing = ordinalOf(next) - ordinalOf(last) - 1;
  if (missing === 0) return undefined;
  return missing > 0
    ? { ...place, kind: 'trimmed', count: missing }
    : { ...place, kind: 'rolled-back', count: -missing };
}

/** @throws StreamArgumentError when it is not a position. */
export function positionIn(from: LogPosition, place: PartitionPlace): string {
  const position = from[placeId(place)] ?? START;
  if (typeof position === 'string' && /^\d{1,15}-\d{1,15}$/.test(position)) return position;
  throw new StreamArgumentError(
    `The position of partition ${placeId(place)} is not one: give back what a read answered.`,
  );
}
