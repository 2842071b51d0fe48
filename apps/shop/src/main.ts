import { Logger } from '@nestjs/common';
import { readShopConfig } from './shop.config.js';
import { startFailure } from './shop.logger.js';
import { startShop } from './shop.js';

try {
  const { app } = await startShop(readShopConfig(process.env));
  app.enableShutdownHooks();
} catch (error) {
  new Logger('Shop').fatal(startFailure(error));
  // Not exitCode: a module that had started may still hold the process.
  process.exit(1);
}
