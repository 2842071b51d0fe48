// @ts-check
// `npm run docs:reference`: writes docs/reference from the sources. With `--check` it only says what has drifted.
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, relative } from 'node:path';
import { main } from './lib/output.mjs';
import { ROOT } from './lib/paths.mjs';
import { referencePages } from './lib/reference/pages.mjs';
import { librarySources } from './lib/reference/sources.mjs';

await main(async () => {
  const pages = await referencePages(librarySources());
  const drifted = pages.filter(
    ({ path, text }) => !existsSync(path) || readFileSync(path, 'utf8') !== text,
  );
  for (const { path, text } of drifted) {
    if (process.argv.includes('--check')) {
      console.log(
        `${relative(ROOT, path)} is not what the sources say: run npm run docs:reference`,
      );
      continue;
    }
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
    console.log(`wrote ${relative(ROOT, path)}`);
  }
  return process.argv.includes('--check') && drifted.length > 0 ? 1 : 0;
});
