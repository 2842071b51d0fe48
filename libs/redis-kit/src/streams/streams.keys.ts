import type { KeySpace } from '../core/key-space.js';
import type { PartitionPlace, StreamPlace } from './stream-name.js';

/** `<namespace>:v1:stream:{<category>}:partitions` — into how many partitions a category is divided (string, kept). */
export function partitionCountKey(keySpace: KeySpace, category: string): string {
  return keySpace.key('stream', category, 'partitions');
}

/** `<namespace>:v1:stream:{<category>.<partition>}:events:<stream>` — the events of one stream, ids `<version>-0` (stream, kept). */
export function streamKey(keySpace: KeySpace, place: StreamPlace): string {
  return keySpace.key('stream', tagOf(place), `events:${place.stream}`);
}

/** `<namespace>:v1:stream:{<category>.<partition>}:state:<stream>` — version, last event and recent event ids of a stream (hash, kept). */
export function streamStateKey(keySpace: KeySpace, place: StreamPlace): string {
  return keySpace.key('stream', tagOf(place), `state:${place.stream}`);
}

/** `<namespace>:v1:stream:{<category>.<partition>}:ids:<stream>` — the event ids before the recent ones (hash, kept). */
export function olderIdsKey(keySpace: KeySpace, place: StreamPlace): string {
  return keySpace.key('stream', tagOf(place), `ids:${place.stream}`);
}

/** `<namespace>:v1:stream:{<category>.<partition>}:snapshot:<stream>` — the state of an aggregate at a version (hash, kept). */
export function snapshotKey(keySpace: KeySpace, place: StreamPlace): string {
  return keySpace.key('stream', tagOf(place), `snapshot:${place.stream}`);
}

/** `<namespace>:v1:stream:{<category>.<partition>}:log` — a copy of each event of a partition, ids `<epoch>-<ordinal>` (stream, kept). */
export function logKey(keySpace: KeySpace, place: PartitionPlace): string {
  return keySpace.key('stream', tagOf(place), 'log');
}

/** `<namespace>:v1:stream:{<category>.<partition>}:head` — epoch and ordinal of a log, and whether somebody waits for more (hash, kept). */
export function logHeadKey(keySpace: KeySpace, place: PartitionPlace): string {
  return keySpace.key('stream', tagOf(place), 'head');
}

/** `<namespace>:v1:stream:{<category>.<partition>}:wake` — the channel that tells who waits for a partition that there is more (pub/sub). */
export function wakeChannel(keySpace: KeySpace, place: PartitionPlace): string {
  return keySpace.key('stream', tagOf(place), 'wake');
}

const tagOf = ({ category, partition }: PartitionPlace): string => `${category}.${partition}`;
