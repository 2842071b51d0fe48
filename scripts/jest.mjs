// @ts-check
// Runs Jest with what it needs to load ES modules; everything else is as it is found.
import { jestEnvironment, runJest } from './lib/jest.mjs';
import { main } from './lib/output.mjs';
import { findChromium, withPrograms } from './lib/programs.mjs';

await main(() => {
  const env = withPrograms(process.env, { chromium: findChromium() });
  return runJest(process.argv.slice(2), jestEnvironment(env));
});
