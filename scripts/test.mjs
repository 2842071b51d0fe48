// @ts-check
// `npm test`: every test on this machine, whatever is missing for it. Arguments go to Jest:
// `npm test -- --selectProjects unit` needs neither Redis, nor a browser, nor a build.
import { build } from './lib/build.mjs';
import { ensureDependencies } from './lib/dependencies.mjs';
import { jestEnvironment, runJest, selectedProjects } from './lib/jest.mjs';
import { requireSupportedNode } from './lib/node-version.mjs';
import { main, say } from './lib/output.mjs';
import { ensureChromium, ensureRedisServer, withPrograms } from './lib/programs.mjs';

await main(async () => {
  requireSupportedNode();
  await ensureDependencies();

  const args = process.argv.slice(2);
  const projects = selectedProjects(args) ?? ['unit', 'redis', 'e2e'];
  const needsRedis = projects.some((project) => project !== 'unit');
  const redisServer = needsRedis ? await ensureRedisServer() : undefined;
  const chromium = projects.includes('e2e') ? await ensureChromium() : undefined;
  if (needsRedis) await build({ always: true });

  say(`Testing (${projects.join(', ')})`);
  const env = withPrograms(process.env, { redisServer, chromium });
  return runJest(args, jestEnvironment(env));
});
