// @ts-check
import { readdirSync, readFileSync } from 'node:fs';
import { join, sep } from 'node:path';
import ts from 'typescript';
import { ROOT } from '../paths.mjs';

/**
 * A file of the library.
 * @typedef {object} Source
 * @property {string} feature the folder it belongs to, such as `cache`
 * @property {string} name its file name
 * @property {ts.SourceFile} tree
 */

const LIBRARY = join(ROOT, 'libs/redis-kit/src');

/**
 * The library's own files, the core first and then feature by feature.
 * @returns {Source[]}
 */
export function librarySources() {
  return readdirSync(LIBRARY, { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.ts') && !/\.(spec|contract)\.ts$/.test(path))
    .map((path) => sourceOf(path.split(sep).join('/'), readFileSync(join(LIBRARY, path), 'utf8')))
    .filter(({ feature }) => feature !== 'testing')
    .sort((a, b) => rank(a) - rank(b) || compare(a.feature, b.feature) || compare(a.name, b.name));
}

/**
 * @param {string} path from the library's folder, with forward slashes
 * @param {string} text
 * @returns {Source}
 */
export function sourceOf(path, text) {
  const [folder = '', ...rest] = path.split('/');
  return {
    // The files beside the features are about the module as a whole.
    feature: rest.length === 0 ? 'module' : folder,
    name: /** @type {string} */ (path.split('/').at(-1)),
    tree: ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true),
  };
}

/** @param {Source} source */
const rank = ({ feature }) => ['module', 'core'].indexOf(feature) + 1 || 3;

/** @type {(a: string, b: string) => number} by code unit, so the order is the same on every machine */
const compare = (a, b) => (a < b ? -1 : a > b ? 1 : 0);

/** @param {ts.Node} node */
export const isExported = (node) =>
  ts.canHaveModifiers(node) &&
  (ts.getModifiers(node) ?? []).some(({ kind }) => kind === ts.SyntaxKind.ExportKeyword);

/**
 * The comment above a declaration, as one paragraph.
 * @param {ts.Node} node
 */
export function docOf(node) {
  const docs = ts.getJSDocCommentsAndTags(node).filter(ts.isJSDoc);
  return oneLine(ts.getTextOfJSDocComment(docs.at(-1)?.comment) ?? '');
}

/**
 * The text of a tag such as `@default`, as one paragraph.
 * @param {ts.Node} node
 * @param {string} name
 */
export function tagOf(node, name) {
  const tag = ts.getJSDocTags(node).find(({ tagName }) => tagName.text === name);
  return tag && oneLine(ts.getTextOfJSDocComment(tag.comment) ?? '');
}

/** @param {string} text */
export const oneLine = (text) =>
  text
    .replaceAll(/\{@link\s+([^}|\s]+)[^}]*\}/g, '`$1`')
    .replaceAll(/\s+/g, ' ')
    .trim();
