import '../core/events.js';

/** Why sessions were revoked: one of them, all but one, all, or the oldest because there were too many. */
export type RevocationReason = 'one' | 'others' | 'all' | 'limit';

declare module '../core/events.js' {
  interface RedisKitEventMap {
    /** A user logged in; the session has a new id. */
    'session.logged-in': { userId: string; handle: string };
    /** A user logged out of one session. */
    'session.logged-out': { userId: string | undefined; handle: string };
    /** Sessions of a user were ended by somebody else than the session itself. Heard in the process that did it. */
    'session.revoked': { userId: string; handles: readonly string[]; reason: RevocationReason };
    /** Sessions of a user were found to be over. Best effort: seen when they are listed, or at the next login. */
    'session.expired': { userId: string; handles: readonly string[] };
    /** A session got a new secret. */
    'session.renewed': { handle: string };
    /** A valid cookie with a secret that the session no longer has: an old tab, or a stolen cookie. */
    'session.refused': { handle: string };
    /** What a request changed was dropped, because its session had ended meanwhile. */
    'session.save-dropped': { handle: string };
    /** Two requests changed a session at the same time; `policy` decided. */
    'session.conflicted': { handle: string; policy: string };
    /** A session that was stored by plain connect-redis was taken over. */
    'session.migrated': { handle: string };
    /** What was stored cannot be read; the session is treated as ended. */
    'session.undecodable': { handle: string };
    /** Redis did not answer in time; the request ends with 503. */
    'session.unavailable': { operation: string; message: string };
  }
}
