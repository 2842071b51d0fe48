import { Logger } from '@nestjs/common';
import { RedisServer } from 'nestjs-redis-kit/testing';
import { readShopConfig } from './shop.config.js';
import { startFailure } from './shop.logger.js';
import { startShop } from './shop.js';

/**
 * The shop for somebody who has just got it: brings its own Redis when `REDIS_URL` names none, a real server on a free
 * port, and leaves nothing behind.
 */
const logger = new Logger('Shop');
const closing: (() => Promise<void>)[] = [];

async function close(): Promise<void> {
  for (let step = closing.pop(); step; step = closing.pop()) await step();
}

function end(exitCode: number): void {
  close().then(
    () => process.exit(exitCode),
    (error: unknown) => {
      logger.error(error);
      process.exit(1);
    },
  );
}

// Both arrive here first: the shop closes before the Redis it uses. A second one does not wait.
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => {
    process.once(signal, () => process.exit(1));
    end(0);
  });
}

try {
  if (!process.env['REDIS_URL']) {
    const redis = await RedisServer.start({
      config: { maxmemory: '128mb', 'maxmemory-policy': 'allkeys-lru' },
    });
    closing.push(() => redis.stop());
    process.env['REDIS_URL'] = redis.url;
    logger.log(`Started a Redis of its own at ${redis.url}`);
  }
  const { app } = await startShop(readShopConfig(process.env));
  closing.push(() => app.close());
} catch (error) {
  logger.fatal(startFailure(error));
  end(1);
}
