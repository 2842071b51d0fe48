import { withDeadline } from '../failsafe/deadline.js';
import type { RedisClient } from './connection-url.js';
import { dropClient } from './guard-client.js';

/** Resolves when commands can be sent. It has no bound of its own. */
export async function whenReady(client: RedisClient): Promise<void> {
  if (client.status === 'ready') return;
  // The first failure is not the end: the client goes on trying, and the caller's deadline bounds the wait.
  if (client.status === 'wait') client.connect().catch(() => undefined);
  await new Promise<void>((resolve) => client.once('ready', () => resolve()));
  // A Cluster is ready before its links are, and the first commands would pay for them.
  if ('nodes' in client) await Promise.all(client.nodes('master').map((node) => node.ping()));
}

/** QUIT lets replies in flight arrive; a hung server never answers it, and a lost link cannot. */
export async function closeClient(client: RedisClient, deadlineMs: number): Promise<void> {
  if (client.status === 'ready') {
    const lost = new Promise<void>((resolve) => client.once('close', () => resolve()));
    const quit = Promise.race([client.quit().then(() => undefined), lost]);
    await withDeadline('QUIT', deadlineMs, quit).catch(() => undefined);
  }
  dropClient(client);
}
