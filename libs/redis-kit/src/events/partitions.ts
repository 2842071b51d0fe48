import calculateSlot from 'cluster-key-slot';

/**
 * Into so many lines events are divided by their key; order is kept within each. Not an option: processes that disagreed
 * about it would miss each other's events.
 */
export const PARTITIONS = 32;

/** The partition of a key. */
export const partitionOf = (key: string): number => calculateSlot(key) % PARTITIONS;

/** One of so many lanes, not by the same digits as the partition: the events of one partition would share a lane. */
export const laneOf = (key: string, lanes: number): number =>
  Math.floor(calculateSlot(key) / PARTITIONS) % lanes;
