import type { KeySpace } from '../core/key-space.js';
import type { Period, Window } from '../core/time-window.js';

/** `<namespace>:v1:counter:{<name>}[:<window>:<from>]` — one count: of all time, or of the period that began at `from` (string, expires). */
export function counterKey(keySpace: KeySpace, name: string, bucket?: Bucket): string {
  return keySpace.key('counter', name, partOf(bucket));
}

/** `<namespace>:v1:counter-group:{<group>}[:<window>:<from>]` — the counts of a group by name (hash, expires). */
export function counterGroupKey(keySpace: KeySpace, group: string, bucket?: Bucket): string {
  return keySpace.key('counter-group', group, partOf(bucket));
}

/** `<namespace>:v1:counter-unique:{<name>}[:<window>:<from>]` — who was counted, as a HyperLogLog (string, expires). */
export function uniqueCounterKey(keySpace: KeySpace, name: string, bucket?: Bucket): string {
  return keySpace.key('counter-unique', name, partOf(bucket));
}

/** `<namespace>:v1:leaderboard:{<board>}[:<window>:<from>]` — weights of a board's members, each after the number of its submission (sorted set, expires). */
export function leaderboardKey(keySpace: KeySpace, board: string, bucket?: Bucket): string {
  return keySpace.key('leaderboard', board, partOf(bucket));
}

/** `<namespace>:v1:leaderboard-members:{<board>}[:<window>:<from>]` — the submission's number and the data of each member; the last number under the empty name (hash, expires). */
export function leaderboardMembersKey(keySpace: KeySpace, board: string, bucket?: Bucket): string {
  return keySpace.key('leaderboard-members', board, partOf(bucket));
}

/** One period of a window. */
export interface Bucket {
  readonly window: Window;
  readonly period: Period;
}

const partOf = (bucket: Bucket | undefined): string | undefined =>
  bucket && `${bucket.window.id}:${bucket.period.fromMs}`;
