import { Logger, type OnApplicationBootstrap } from '@nestjs/common';
import type { RedisConnection } from './connections/redis-connection.js';
import { withDeadline } from './failsafe/deadline.js';

/** A server that does not answer in time is asked again at the next start. */
const DEADLINE_MS = 2_000;

/** What is kept through one connection. */
export interface KeptThere {
  readonly connection: RedisConnection;
  /** What is wrong when it is lost, such as `locks`. */
  readonly precious: readonly string[];
  readonly hasCaches: boolean;
}

/** How the masters of a connection treat a memory that is used up. */
export interface MemorySettings {
  /** False: Redis takes what the machine has. */
  readonly isLimited: boolean;
  readonly policy: string;
}

/**
 * Says once, at boot, where the settings of a server do not suit what is kept there. INFO is asked, not CONFIG, which
 * managed servers refuse. It never delays or fails the start.
 */
export class MemoryAdvice implements OnApplicationBootstrap {
  readonly #logger = new Logger('RedisKit');

  constructor(private readonly kept: readonly KeptThere[]) {}

  onApplicationBootstrap(): void {
    for (const one of this.kept) void this.#advise(one);
  }

  async #advise({ connection, precious, hasCaches }: KeptThere): Promise<void> {
    // Nothing is asked of a connection that was never opened.
    if (!connection.isReady) return;
    try {
      const settings = await withDeadline('INFO', DEADLINE_MS, memorySettings(connection));
      for (const sentence of adviceFor(settings, { precious, hasCaches })) {
        this.#logger.warn(`Redis connection '${connection.name}' ${sentence}`);
      }
    } catch {
      // Its being away is reported by the connection itself.
    }
  }
}

/** What each master says about its memory. */
export async function memorySettings(connection: RedisConnection): Promise<MemorySettings[]> {
  const texts = await Promise.all(connection.masters().map((master) => master.info('memory')));
  return texts.flatMap((text) => {
    const policy = /^maxmemory_policy:([\w-]+)/m.exec(text)?.[1];
    return policy === undefined ? [] : [{ isLimited: !/^maxmemory:0\r?$/m.test(text), policy }];
  });
}

/** One sentence each, that follows the name of the connection. */
export function adviceFor(
  settings: readonly MemorySettings[],
  { precious, hasCaches }: Omit<KeptThere, 'connection'>,
): string[] {
  const limited = settings.find(({ isLimited }) => isLimited);
  if (!limited) return [];
  const { policy } = limited;
  const advice: string[] = [];
  if (policy === 'noeviction') {
    if (hasCaches && precious.length === 0) {
      advice.push(
        'has maxmemory-policy noeviction: once its memory is used up, nothing more is cached. For caches alone use volatile-ttl.',
      );
    }
    return advice;
  }
  if (precious.length > 0) {
    // Every key here expires, so the `volatile-…` policies reach them like the others.
    advice.push(
      `has maxmemory-policy ${policy}: it throws away ${listed(precious)} when its memory is used up. Where they are ` +
        'used, give them noeviction, on a connection to a server of its own.',
    );
  }
  if (hasCaches && policy !== 'volatile-ttl') {
    advice.push(
      `has maxmemory-policy ${policy}: tokens of tags look unused to it, because processes remember them. Nothing stale ` +
        'is served when they are thrown away, but everything that carries the tag is loaded again. volatile-ttl takes what expires ' +
        'soonest first, and a token lives at least as long as what was stored under it.',
    );
  }
  return advice;
}

const listed = (words: readonly string[]): string =>
  words.length < 2 ? words.join() : `${words.slice(0, -1).join(', ')} and ${words.at(-1)}`;
