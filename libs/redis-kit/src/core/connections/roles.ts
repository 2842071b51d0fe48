/**
 * What a connection is used for. Each role has its own connection, because one use can stall another: a blocking read
 * holds everything behind it, a subscribed RESP2 connection refuses commands, and a queue that waits for Redis is
 * right for an order and wrong for a cache read.
 */
export type ConnectionRole =
  'command' | 'cache' | 'monitor' | 'subscriber' | 'tracking' | 'blocking';

export interface RoleProfile {
  /** Keep commands while the link is down, up to their timeout; otherwise fail them at once. */
  readonly offlineQueue: boolean;
  /** Upper bound of the pause between two attempts to reconnect; undefined: the owner reconnects itself. */
  readonly maxRetryDelayMs: number | undefined;
  /** Send the commands of one tick in one write. */
  readonly batchWrites: boolean;
  /** Whether a command ends with the application's `commandTimeout`; otherwise its caller bounds it. */
  readonly commandTimeout: boolean;
  /** Silence after which a link with replies due is dropped; undefined: the application's `commandTimeout`. */
  readonly silenceMs: number | undefined;
}

/** Subscribers, trackers and blocking readers are replaced as a whole, so that what was missed is known. */
const REPLACED = { offlineQueue: true, maxRetryDelayMs: undefined, batchWrites: false } as const;

export const ROLE_PROFILES: Record<ConnectionRole, RoleProfile> = {
  command: {
    offlineQueue: true,
    maxRetryDelayMs: 1_000,
    batchWrites: false,
    commandTimeout: true,
    silenceMs: undefined,
  },
  // Each call brings its own deadline, shorter than this; this bound decides when a silent link is re-opened.
  cache: {
    offlineQueue: false,
    maxRetryDelayMs: 500,
    batchWrites: true,
    commandTimeout: false,
    silenceMs: 1_000,
  },
  // Who looks at a dead server wants to hear so at once, and asks again later.
  monitor: {
    offlineQueue: false,
    maxRetryDelayMs: 1_000,
    batchWrites: true,
    commandTimeout: true,
    silenceMs: undefined,
  },
  subscriber: { ...REPLACED, commandTimeout: true, silenceMs: undefined },
  tracking: { ...REPLACED, commandTimeout: true, silenceMs: undefined },
  // Silence is what blocking means; the reader has a watchdog of its own.
  blocking: { ...REPLACED, commandTimeout: false, silenceMs: Infinity },
};
