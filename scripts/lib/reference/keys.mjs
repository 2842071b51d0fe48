// @ts-check
import ts from 'typescript';
import { byFeature, cell, code, page, table } from './markdown.mjs';
import { docOf, isExported } from './sources.mjs';

/**
 * @typedef {import('./sources.mjs').Source} Source
 * @typedef {{ feature: string, name: string, pattern: string | undefined, doc: string }} Key
 */

/**
 * What `*.keys.ts` export, with the pattern that begins the comment above each: `<pattern>` — what it holds.
 * @param {readonly Source[]} sources
 * @returns {Key[]}
 */
export const keysIn = (sources) =>
  sources
    .filter(({ name }) => name.endsWith('.keys.ts'))
    .flatMap(({ feature, tree }) =>
      tree.statements
        .filter(
          (node) =>
            isExported(node) && (ts.isFunctionDeclaration(node) || ts.isVariableStatement(node)),
        )
        .map((node) => {
          const [, pattern, doc = ''] = /^`([^`]+)`(?:\s*[—:-])?\s*(.*)$/.exec(docOf(node)) ?? [];
          return { feature, name: nameOf(node), pattern, doc };
        }),
    );

/** @param {ts.Statement} node */
function nameOf(node) {
  if (ts.isFunctionDeclaration(node)) return node.name?.text ?? '';
  if (ts.isVariableStatement(node))
    return node.declarationList.declarations[0]?.name.getText() ?? '';
  return '';
}

/**
 * What an operator finds in Redis must be on this page, so a key without a pattern is an error.
 * @param {readonly Source[]} sources
 */
export function keysPage(sources) {
  const keys = keysIn(sources);
  const silent = keys.filter(({ pattern }) => pattern === undefined).map(({ name }) => name);
  if (silent.length > 0) {
    throw new Error(
      `The comment above each of ${silent.join(', ')} must begin with the pattern of its keys in backticks.`,
    );
  }
  return page(
    'Keys',
    'Every key the suite writes. What stands in braces is the hash tag: on a Redis Cluster, keys with the same one ' +
      'share a slot.',
    byFeature(keys, (each) =>
      table(
        ['Key', 'What it holds'],
        each.map(({ pattern = '', doc }) => [code(pattern), cell(doc)]),
      ),
    ),
  );
}
