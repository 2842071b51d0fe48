import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { transform } from '@swc/core';
import jestConfig from '../../jest.config.mjs';

// The very options the specs are compiled with: decorators and their metadata must not differ between the two.
const [, swcOptions] = jestConfig.projects[0].transform['^.+\\.ts$'];
const LIBRARY = new URL('../../libs/redis-kit/src/', import.meta.url);

/** @type {import('node:module').ResolveHook} */
export async function resolve(specifier, context, nextResolve) {
  const library = /^nestjs-redis-kit(?:\/(.+))?$/.exec(specifier);
  if (library !== null) {
    const entry = new URL(
      library[1] === undefined ? 'index.ts' : `${library[1]}/index.ts`,
      LIBRARY,
    );
    return { url: entry.href, shortCircuit: true };
  }
  if (/^\.{1,2}\/.*\.js$/.test(specifier) && context.parentURL?.endsWith('.ts')) {
    const source = new URL(`${specifier.slice(0, -'.js'.length)}.ts`, context.parentURL);
    if (existsSync(source)) return { url: source.href, shortCircuit: true };
  }
  return await nextResolve(specifier, context);
}

/** @type {import('node:module').LoadHook} */
export async function load(url, context, nextLoad) {
  if (!url.startsWith('file:') || !url.endsWith('.ts')) return await nextLoad(url, context);
  const filename = fileURLToPath(url);
  const { code } = await transform(await readFile(filename, 'utf8'), {
    ...swcOptions,
    filename,
    swcrc: false,
  });
  return { format: 'module', source: code, shortCircuit: true };
}
