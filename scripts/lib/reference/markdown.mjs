// @ts-check

/** @typedef {import('./sources.mjs').Source} Source */

/**
 * A page in sections, one per feature that has something to say.
 * @param {string} title
 * @param {string} introduction
 * @param {readonly { heading: string, body: string }[]} sections
 */
export const page = (title, introduction, sections) =>
  [
    `# ${title}`,
    introduction,
    'This page is made from the sources by `npm run docs:reference`; change it there.',
    ...sections.flatMap(({ heading, body }) => [`## ${heading}`, body]),
    '',
  ].join('\n\n');

/**
 * @param {readonly string[]} columns
 * @param {readonly (readonly string[])[]} rows
 */
export const table = (columns, rows) =>
  [columns, columns.map(() => '---'), ...rows]
    .map((cells) => `| ${cells.join(' | ')} |`)
    .join('\n');

/**
 * Code in a cell of a table, where a bar must not end the cell.
 * @param {string} text
 */
export const code = (text) => (text === '' ? '' : `\`${cell(text)}\``);

/**
 * Prose in a cell of a table.
 * @param {string} text
 */
export const cell = (text) => text.replaceAll('|', '\\|');

/**
 * One section per feature, in the order of the sources.
 * @template T
 * @param {readonly (T & { feature: string })[]} items
 * @param {(items: readonly T[]) => string} body
 */
export function byFeature(items, body) {
  const features = [...new Set(items.map(({ feature }) => feature))];
  return features.map((feature) => ({
    heading: titleOf(feature),
    body: body(items.filter((item) => item.feature === feature)),
  }));
}

/** @param {string} feature such as `rate-limit` */
const titleOf = (feature) =>
  feature.replace(/^./, (first) => first.toUpperCase()).replaceAll('-', ' ');
