import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { entriesOf, publicNames, unlistedExports } from './support/public-api.js';
import { filesIn, LIBRARY, read, ROOT, shown } from './support/sources.js';

/**
 * The names users may import, one a line. A change of the public API is a change of this file, for a reviewer to
 * see; it is written by `UPDATE_PUBLIC_API=1 npm run test:unit -- --testPathPatterns public-api`.
 */
const RECORD = join(import.meta.dirname, 'public-api.txt');

describe('the public API', () => {
  const entries = entriesOf(join(ROOT, 'libs/redis-kit'));

  it('has a source behind every entry of package.json', () => {
    expect(entries.filter(({ source }) => !existsSync(source))).toEqual([]);
  });

  it('is what was recorded in public-api.txt', () => {
    const names = publicNames(entries);
    if (process.env['UPDATE_PUBLIC_API']) writeFileSync(RECORD, `${names.join('\n')}\n`);
    expect(names).toEqual(existsSync(RECORD) ? read(RECORD).split('\n').filter(Boolean) : []);
  });

  it('has index files at the entries only, and nothing in them but lists of names', () => {
    const indexes = filesIn(LIBRARY, (name) => name === 'index.ts');
    expect(indexes.map(shown)).toEqual(entries.map(({ source }) => shown(source)).sort());
    expect(indexes.flatMap((path) => unlistedExports(path))).toEqual([]);
  });

  it.each(["export * from './cache.js';", 'export default 1;', 'export const ttl = 1;'])(
    'would notice %s in an index file',
    (line) => {
      expect(unlistedExports(join(LIBRARY, 'index.ts'), line)).toHaveLength(1);
      expect(
        unlistedExports(join(LIBRARY, 'index.ts'), "export { a, type B } from './c.js';"),
      ).toEqual([]);
    },
  );
});
