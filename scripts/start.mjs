// @ts-check
// `npm start`: the shop on this machine, whatever is missing for it.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { build } from './lib/build.mjs';
import { ensureDependencies } from './lib/dependencies.mjs';
import { requireSupportedNode } from './lib/node-version.mjs';
import { main, say, Stop } from './lib/output.mjs';
import { ROOT } from './lib/paths.mjs';
import { runInForeground } from './lib/processes.mjs';
import { ensureRedisServer, withPrograms } from './lib/programs.mjs';

await main(async () => {
  requireSupportedNode();
  await ensureDependencies();
  const redisServer = process.env['REDIS_URL'] ? undefined : await ensureRedisServer();
  await build({ always: false });

  const shop = join(ROOT, 'apps/shop/dist/dev.js');
  if (!existsSync(shop)) throw new Stop(`The build made no ${shop}.`);
  say('Starting the shop (Ctrl-C ends it)');
  return runInForeground(
    [process.execPath, shop, ...process.argv.slice(2)],
    withPrograms(process.env, { redisServer }),
  );
});
