/**
 * What a connection is used for. Each role has its own connection, because one use can stall another: a blocking read
 * holds everything behind it, a subscribed RESP2 connection refuses commands, and a queue that waits for Redis is
 * right for an order and wrong for a cache read.
 */
export type ConnectionRole = 'command' | 'cache' | 'subscriber' | 'blocking';

export interface RoleProfile {
  /** Keep commands while the link is down, up to their timeout; otherwise fail them at once. */
  readonly offlineQueue: boolean;
  /** Upper bound of the pause between two attempts to reconnect; undefined: the owner reconnects itself. */
  readonly maxRetryDelayMs: number | undefined;
  /** Send the commands of one tick as one pipeline. */
  readonly autoPipelining: boolean;
  /** Longest wait for a reply; undefined: the application's `commandTimeout`. `Infinity`: none. */
  readonly commandTimeoutMs: number | undefined;
}

export const ROLE_PROFILES: Record<ConnectionRole, RoleProfile> = {
  command: {
    offlineQueue: true,
    maxRetryDelayMs: 1_000,
    autoPipelining: false,
    commandTimeoutMs: undefined,
  },
  // The deadline of a cache read is shorter; this bound decides when a silent link is dropped and re-opened.
  cache: {
    offlineQueue: false,
    maxRetryDelayMs: 500,
    autoPipelining: true,
    commandTimeoutMs: 1_000,
  },
  // Subscribers and blocking readers are replaced as a whole, so that what was missed is known.
  subscriber: {
    offlineQueue: true,
    maxRetryDelayMs: undefined,
    autoPipelining: false,
    commandTimeoutMs: undefined,
  },
  blocking: {
    offlineQueue: true,
    maxRetryDelayMs: undefined,
    autoPipelining: false,
    commandTimeoutMs: Infinity,
  },
};
