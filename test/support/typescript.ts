/** Arguments of Node with which a plain process runs TypeScript against the sources of the library. */
export const TYPESCRIPT_ARGS: readonly string[] = [
  '--import',
  new URL('./ts-loader.mjs', import.meta.url).href,
  '--enable-source-maps',
];
