import { Logger, type OnApplicationBootstrap } from '@nestjs/common';
import type { RedisConnection } from './connections/redis-connection.js';
import { withDeadline } from './failsafe/deadline.js';

/** A server that does not answer in time is asked again at the next start. */
const DEADLINE_MS = 2_000;

/**
 * The policy by which a server throws away keys when its memory is used up; undefined when it throws away none.
 *
 * Every key here expires, so the `volatile-…` policies reach them like the others.
 */
export async function evictionPolicyOf(connection: RedisConnection): Promise<string | undefined> {
  const texts = await Promise.all(connection.masters().map((master) => master.info('memory')));
  return texts
    .filter((text) => !/^maxmemory:0\r?$/m.test(text))
    .map((text) => /^maxmemory_policy:([\w-]+)/m.exec(text)?.[1])
    .find((policy) => policy !== undefined && policy !== 'noeviction');
}

/** Warns at boot when Redis may throw away what a feature must not lose. */
export class EvictionAdvice implements OnApplicationBootstrap {
  readonly #logger = new Logger('RedisKit');

  constructor(
    private readonly connection: RedisConnection,
    /** What is lost: `locks`. */
    private readonly what: string,
  ) {}

  async onApplicationBootstrap(): Promise<void> {
    // Nothing is asked of a connection that was never opened.
    if (!this.connection.isReady) return;
    try {
      const asked = evictionPolicyOf(this.connection);
      const policy = await withDeadline('INFO', DEADLINE_MS, asked);
      if (policy === undefined) return;
      this.#logger.warn(
        `Redis connection '${this.connection.name}' has maxmemory-policy ${policy}: it throws away ${this.what} when its ` +
          'memory is used up. Use noeviction, or a connection to a server of its own.',
      );
    } catch {
      // Its being away is reported by the connection itself.
    }
  }
}
