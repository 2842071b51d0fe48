import type { StoredSession } from './session-vault.js';

const LIVE = /^(\d+)\|(\d+)\|(\d+)\|(\d+)\|(\d+)\|(\d+)\|([^|\n]*)\|([^|\n]*)\n/;
const CLAIMED = /^c\|([^\n]*)\n/;

/** Users as they stand in a record, where `|` and line breaks have a meaning. */
export const encodeUser = (userId: string): string => encodeURIComponent(userId);

/**
 * Reads a record as `record.lua` writes it.
 *
 * @param epoch of the user; a session of another one, or without one, is revoked
 */
export function parseRecord(
  record: string | null,
  epoch: string | null,
  previous: string | null,
): StoredSession {
  if (record === null) return { kind: 'missing' };
  const live = LIVE.exec(record);
  if (live) {
    const user = live[8]!;
    if (user !== '' && live[2] !== epoch) return { kind: 'revoked' };
    return {
      kind: 'live',
      facts: {
        version: Number(live[1]),
        createdAtMs: Number(live[3]),
        endsAtMs: Number(live[4]),
        authenticatedAtMs: Number(live[5]),
        digest: live[7]!,
        userId: user === '' ? undefined : decodeURIComponent(user),
      },
      data: record.slice(live[0].length),
      previous: previous ?? undefined,
    };
  }
  const claimed = CLAIMED.exec(record);
  if (claimed) {
    return { kind: 'claimed', digest: claimed[1]!, data: record.slice(claimed[0].length) };
  }
  return { kind: 'ended' };
}
