import type { Redis } from 'ioredis';
import { withDeadline } from '../failsafe/deadline.js';
import type { Pause } from './supervised-link.js';

/**
 * How often an idle subscriber link is asked for a sign of life. An interval in which something was heard is skipped, so
 * with the timeout below a half-open link is found within 11 s.
 */
const PROBE_INTERVAL_MS = 4_000;
const PROBE_TIMEOUT_MS = 3_000;

/** Returns when the link is gone; throws when it is there and nothing comes through it. */
export async function probeWhenSilent(
  client: Redis,
  pause: Pause,
  messageEvents: readonly string[],
): Promise<void> {
  let heard = false;
  const hear = () => (heard = true);
  for (const event of messageEvents) client.on(event, hear);
  while (await pause(PROBE_INTERVAL_MS)) {
    if (!heard) await withDeadline('subscriber probe', PROBE_TIMEOUT_MS, client.ping());
    heard = false;
  }
}
