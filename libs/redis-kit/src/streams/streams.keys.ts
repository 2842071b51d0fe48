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

/** `<namespace>:v1:stream:{<category>}:members:<group>` — the processes that take part in a group (sorted set, expires). */
export function groupMembersKey(keySpace: KeySpace, category: string, group: string): string {
  return keySpace.key('stream', category, `members:${group}`);
}

/** `<namespace>:v1:stream:{<category>.<partition>}:group:<group>[@<stream>]` — who owns a partition for a group, until when, and what is handled (hash, kept). */
export function groupKey(keySpace: KeySpace, at: GroupAddress): string {
  return keySpace.key('stream', tagOf(at), `group:${nameOf(at)}`);
}

/** `<namespace>:v1:stream:{<category>.<partition>}:attempts:<group>[@<stream>]` — how often the handling of failing events has begun (hash, kept while there are any). */
export function groupAttemptsKey(keySpace: KeySpace, at: GroupAddress): string {
  return keySpace.key('stream', tagOf(at), `attempts:${nameOf(at)}`);
}

/** `<namespace>:v1:stream:{<category>.<partition>}:dead:<group>[@<stream>]` — the dead letters of a group (stream, kept). */
export function groupDeadLettersKey(keySpace: KeySpace, at: GroupAddress): string {
  return keySpace.key('stream', tagOf(at), `dead:${nameOf(at)}`);
}

/** `<namespace>:v1:stream:{<category>.<partition>}:retry:<group>[@<stream>]` — dead letters that were sent back (stream, kept). */
export function groupRetryKey(keySpace: KeySpace, at: GroupAddress): string {
  return keySpace.key('stream', tagOf(at), `retry:${nameOf(at)}`);
}

/** `<namespace>:v1:stream-inbox:{<scope>:<event>}` — that a piece of work is being done, or was (string, expires). */
export function inboxKey(keySpace: KeySpace, scope: string, eventId: string): string {
  return keySpace.key('stream-inbox', `${scope}:${eventId}`);
}

interface GroupAddress extends PartitionPlace {
  readonly group: string;
  readonly stream: string | undefined;
}

const nameOf = ({ group, stream }: GroupAddress): string =>
  stream === undefined ? group : `${group}@${stream}`;

const tagOf = ({ category, partition }: PartitionPlace): string => `${category}.${partition}`;
