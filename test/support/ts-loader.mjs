// `node --import ./test/support/ts-loader.mjs scenario.ts` runs TypeScript against the sources of the library.
import { register } from 'node:module';

register('./ts-loader-hooks.mjs', import.meta.url);
