// @ts-check
import ts from 'typescript';
import { byFeature, cell, code, page, table } from './markdown.mjs';
import { docOf, isExported } from './sources.mjs';

/**
 * @typedef {import('./sources.mjs').Source} Source
 * @typedef {{ feature: string, name: string, code: string, details: string[], doc: string }} KitError
 */

const BASE = 'RedisKitError';

/**
 * The exported classes that come from `RedisKitError`, directly or through another one.
 * @param {readonly Source[]} sources
 * @returns {KitError[]}
 */
export function errorsIn(sources) {
  const classes = new Map(
    sources.flatMap(({ feature, tree }) =>
      tree.statements
        .filter(ts.isClassDeclaration)
        .flatMap((node) =>
          node.name ? [[node.name.text, { feature, node, base: baseOf(node) }]] : [],
        ),
    ),
  );
  /** @type {(name: string | undefined) => string[]} the class and what it comes from, nearest first */
  const ancestry = (name) => {
    const found = name === undefined ? undefined : classes.get(name);
    return name === undefined ? [] : [name, ...ancestry(found?.base)];
  };
  /** @param {string} name */
  const codeOf = (name) =>
    ancestry(name)
      .map((each) => classes.get(each))
      .map((each) => each && ownCode(each.node))
      .find((each) => each !== undefined);

  return [...classes].flatMap(([name, { feature, node }]) => {
    if (!isExported(node) || !ancestry(name).slice(1).includes(BASE)) return [];
    return [
      { feature, name, code: codeOf(name) ?? '', details: detailsOf(node), doc: docOf(node) },
    ];
  });
}

/** @param {ts.ClassDeclaration} node */
const baseOf = (node) =>
  node.heritageClauses
    ?.find(({ token }) => token === ts.SyntaxKind.ExtendsKeyword)
    ?.types[0]?.expression.getText();

/** @param {ts.ClassDeclaration} node */
function ownCode(node) {
  const property = node.members
    .filter(ts.isPropertyDeclaration)
    .find((member) => member.name.getText() === 'code');
  const value = property?.initializer;
  const literal = value && ts.isAsExpression(value) ? value.expression : value;
  return literal && ts.isStringLiteral(literal) ? literal.text : undefined;
}

/**
 * The public fields beside `code`, declared in the class or by its constructor.
 * @param {ts.ClassDeclaration} node
 */
function detailsOf(node) {
  const parameters = node.members
    .filter(ts.isConstructorDeclaration)
    .flatMap((member) =>
      member.parameters.filter((each) => ts.isParameterPropertyDeclaration(each, member)),
    );
  return [...node.members.filter(ts.isPropertyDeclaration), ...parameters]
    .filter((member) => !ts.isPrivateIdentifier(member.name) && !isHidden(member))
    .map((member) => member.name.getText())
    .filter((name) => name !== 'code');
}

/** @param {ts.PropertyDeclaration | ts.ParameterDeclaration} node */
const isHidden = (node) =>
  (ts.getModifiers(node) ?? []).some(({ kind }) =>
    [
      ts.SyntaxKind.PrivateKeyword,
      ts.SyntaxKind.ProtectedKeyword,
      ts.SyntaxKind.StaticKeyword,
    ].includes(kind),
  );

/** @param {readonly Source[]} sources */
export const errorsPage = (sources) =>
  page(
    'Errors',
    'Every error the suite throws on purpose is a `RedisKitError`. Its `code` is stable and meant for programs; its ' +
      '`cause` is the original failure, when there is one.',
    byFeature(errorsIn(sources), (errors) =>
      table(
        ['Error', 'Code', 'Details', 'Meaning'],
        errors.map((error) => [
          code(error.name),
          code(error.code),
          error.details.map(code).join(', '),
          cell(error.doc),
        ]),
      ),
    ),
  );
