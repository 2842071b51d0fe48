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

/** The shop, other than its tests, is content with a server that runs already. */
const ALTERNATIVES = [
  'set REDIS_URL=redis://host:6379 to a server you have',
  'start one with Docker (docker run --rm -p 6379:6379 redis:7) and set REDIS_URL=redis://localhost:6379',
];

await main(async () => {
  requireSupportedNode();
  await ensureDependencies();
  const redisServer = process.env['REDIS_URL'] ? undefined : await ensureRedisServer(ALTERNATIVES);
  await build({ always: false });

  const shop = join(ROOT, 'apps/shop/dist/dev.js');
  if (!existsSync(shop)) throw new Stop(`The build made no ${shop}.`);
  say('Starting the shop (Ctrl-C ends it)');
  return runInForeground(
    [process.execPath, shop, ...process.argv.slice(2)],
    withPrograms(process.env, { redisServer }),
  );
});
