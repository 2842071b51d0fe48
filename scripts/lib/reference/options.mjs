// @ts-check
import ts from 'typescript';
import { cell, code, page, table } from './markdown.mjs';
import { docOf, isExported, oneLine, tagOf } from './sources.mjs';

/**
 * @typedef {import('./sources.mjs').Source} Source
 * @typedef {{ name: string, type: string, isRequired: boolean, default: string | undefined, doc: string }} Option
 * @typedef {{ name: string, base: string | undefined, doc: string, options: Option[] }} OptionsClass
 */

/**
 * The exported classes called `…Options` or `…Policy`, each with its public properties.
 * @param {readonly Source[]} sources
 * @returns {OptionsClass[]}
 */
export const optionsIn = (sources) =>
  sources.flatMap(({ tree }) =>
    tree.statements
      .filter(ts.isClassDeclaration)
      .filter((node) => isExported(node) && /(?:Options|Policy)$/.test(node.name?.text ?? ''))
      .map((node) => ({
        name: /** @type {ts.Identifier} */ (node.name).text,
        // `extends (Base as …)` narrows what it takes over; the name is what a reader looks for.
        base: /\w+/.exec(node.heritageClauses?.[0]?.types[0]?.expression.getText() ?? '')?.[0],
        doc: docOf(node),
        options: node.members.filter(ts.isPropertyDeclaration).filter(isPublic).map(optionOf),
      })),
  );

/** @param {ts.PropertyDeclaration} node */
const isPublic = (node) =>
  !ts.isPrivateIdentifier(node.name) &&
  !(ts.getModifiers(node) ?? []).some(({ kind }) =>
    [
      ts.SyntaxKind.PrivateKeyword,
      ts.SyntaxKind.ProtectedKeyword,
      ts.SyntaxKind.StaticKeyword,
    ].includes(kind),
  );

/**
 * @param {ts.PropertyDeclaration} node
 * @returns {Option}
 */
const optionOf = (node) => ({
  name: node.name.getText(),
  // Every optional property allows undefined; saying so in each row says nothing.
  type: oneLine(node.type?.getText() ?? '')
    .replace(/ \| undefined$/, '')
    .replace(/^\| /, ''),
  isRequired: !node.questionToken,
  default: tagOf(node, 'default'),
  doc: docOf(node),
});

/** @param {readonly Source[]} sources */
export function optionsPage(sources) {
  const classes = optionsIn(sources);
  return page(
    'Options',
    'Everything that can be set, with its default. A duration is a number of milliseconds or a text such as ' +
      "`'5m'`. What is wrong is reported once, when the application starts, with its path and what is accepted.",
    classes.map(({ name, base, doc, options }) => ({
      heading: name,
      body: [
        doc,
        ...(base ? [`It takes everything of [${base}](#${base.toLowerCase()}), too.`] : []),
        ...(options.length > 0
          ? [table(['Option', 'Type', 'Default', 'Meaning'], options.map(row))]
          : []),
      ]
        .filter(Boolean)
        .join('\n\n'),
    })),
  );
}

/** @param {Option} option */
const row = (option) => [
  code(option.name),
  code(option.type),
  option.isRequired ? 'required' : code(option.default ?? ''),
  cell(option.doc),
];
