// @ts-check
import { join } from 'node:path';
import { format, resolveConfig } from 'prettier';
import { ROOT } from '../paths.mjs';
import { errorsPage } from './errors.mjs';
import { eventsPage } from './events.mjs';
import { keysPage } from './keys.mjs';
import { optionsPage } from './options.mjs';

const PAGES = { options: optionsPage, keys: keysPage, events: eventsPage, errors: errorsPage };

/**
 * The pages of `docs/reference`, formatted as the repository is, by their path.
 * @param {readonly import('./sources.mjs').Source[]} sources
 * @returns {Promise<{ path: string, text: string }[]>}
 */
export const referencePages = (sources) =>
  Promise.all(
    Object.entries(PAGES).map(async ([name, make]) => {
      const path = join(ROOT, 'docs/reference', `${name}.md`);
      const style = await resolveConfig(path);
      return { path, text: await format(make(sources), { ...style, parser: 'markdown' }) };
    }),
  );
