import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';

const require = createRequire(import.meta.url);
const own = (name: string): string =>
  fileURLToPath(new URL(`../../public/${name}`, import.meta.url));

const files = {
  'pico.css': {
    path: require.resolve('@picocss/pico/css/pico.min.css'),
    type: 'text/css; charset=utf-8',
  },
  'shop.css': { path: own('shop.css'), type: 'text/css; charset=utf-8' },
  'htmx.js': {
    path: require.resolve('htmx.org/dist/htmx.min.js'),
    type: 'text/javascript; charset=utf-8',
  },
  'icon.svg': { path: own('icon.svg'), type: 'image/svg+xml' },
} as const;

export type AssetName = keyof typeof files;

interface Asset {
  readonly content: Buffer;
  readonly type: string;
  readonly version: string;
}

/** The files that pages refer to, read once; few and small enough to be kept. */
export class Assets {
  readonly #assets = new Map<string, Asset>(
    Object.entries(files).map(([name, { path, type }]) => {
      const content = readFileSync(path);
      const version = createHash('sha256').update(content).digest('hex').slice(0, 10);
      return [name, { content, type, version }];
    }),
  );

  find(name: string): Asset | undefined {
    return this.#assets.get(name);
  }

  /** An address that changes with the content, so that browsers may keep it for ever. */
  url(name: AssetName): string {
    return `/assets/${name}?v=${this.#assets.get(name)?.version}`;
  }
}
