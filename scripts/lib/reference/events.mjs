// @ts-check
import ts from 'typescript';
import { byFeature, cell, code, page, table } from './markdown.mjs';
import { docOf, oneLine } from './sources.mjs';

/**
 * @typedef {import('./sources.mjs').Source} Source
 * @typedef {{ feature: string, name: string, payload: string, doc: string }} Event
 */

/**
 * The members of `RedisKitEventMap`, wherever a feature declares or augments it.
 * @param {readonly Source[]} sources
 * @returns {Event[]}
 */
export const eventsIn = (sources) =>
  sources.flatMap(({ feature, tree }) =>
    tree.statements
      .flatMap((statement) =>
        ts.isModuleDeclaration(statement) && statement.body && ts.isModuleBlock(statement.body)
          ? [...statement.body.statements]
          : [statement],
      )
      .filter(ts.isInterfaceDeclaration)
      .filter(({ name }) => name.text === 'RedisKitEventMap')
      .flatMap(({ members }) => members.filter(ts.isPropertySignature))
      .map((member) => ({
        feature,
        name: ts.isStringLiteral(member.name) ? member.name.text : member.name.getText(),
        payload: payloadOf(member),
        doc: docOf(member),
      })),
  );

/**
 * The payload on one line, without the comments between its fields.
 * @param {ts.PropertySignature} member
 */
function payloadOf({ type }) {
  if (!type) return '';
  if (!ts.isTypeLiteralNode(type)) return oneLine(type.getText());
  const fields = type.members.map((field) => oneLine(field.getText().replace(/[;,]$/, '')));
  return `{ ${fields.join('; ')} }`;
}

/** @param {readonly Source[]} sources */
export const eventsPage = (sources) =>
  page(
    'Events',
    'What the suite announces, as facts in the past tense. Listen with `onEvents` or `RedisKitEvents.on(name, listener)`; ' +
      'a payload never holds a cached value or a secret.',
    byFeature(eventsIn(sources), (events) =>
      table(
        ['Event', 'Payload', 'When'],
        events.map(({ name, payload, doc }) => [code(name), code(payload), cell(doc)]),
      ),
    ),
  );
