import ts from 'typescript';
import { dirname, join } from 'node:path';
import { nodesOf, parse } from './compiler.js';
import { shown } from './sources.js';
import type { DeclaredNames } from './lua-rules.js';

/** One call of `defineScript` or `defineBinaryScript`. */
export interface ScriptDeclaration extends DeclaredNames {
  readonly name: string;
  /** Absolute path of the `.lua` file. */
  readonly lua: string;
  /** Absolute paths of the `.lua` files put before it. */
  readonly shared?: readonly string[];
  /** Where it is declared, for messages. */
  readonly where: string;
}

const DEFINERS = ['defineScript', 'defineBinaryScript'];

/**
 * The scripts declared in a file. What is written in another way than the literals this can read is a fault:
 * a declaration is to be readable for people in the same glance.
 */
export function declarationsIn(
  path: string,
  text?: string,
): { declarations: ScriptDeclaration[]; faults: string[] } {
  const declarations: ScriptDeclaration[] = [];
  const faults: string[] = [];
  const file = parse(path, text);
  for (const node of nodesOf(file)) {
    if (!ts.isCallExpression(node) || !DEFINERS.includes(node.expression.getText(file))) continue;
    const where = `${shown(path)}:${file.getLineAndCharacterOfPosition(node.getStart()).line + 1}`;
    if (!path.endsWith('.scripts.ts'))
      faults.push(`${where}: declares a script outside of *.scripts.ts`);
    const [argument] = node.arguments;
    const properties = new Map(
      argument && ts.isObjectLiteralExpression(argument)
        ? argument.properties.map((property) => [property.name?.getText(file), property])
        : [],
    );
    const value = (name: string): ts.Expression | undefined => {
      const property = properties.get(name);
      return property && ts.isPropertyAssignment(property) ? property.initializer : undefined;
    };
    const name = literal(value('name'));
    const source = sourceOf(value('source'));
    const shared = sourcesOf(file, value('shared'));
    const keys = literals(value('keys'));
    const args = literals(value('args'));
    if (!name) faults.push(`${where}: has no literal name`);
    if (!source)
      faults.push(`${where}: has no source like new URL('./lua/x.lua', import.meta.url)`);
    if (properties.has('shared') && !shared)
      faults.push(`${where}: has no shared part like new URL('./lua/x.lua', import.meta.url)`);
    if (!keys) faults.push(`${where}: has no literal list of keys`);
    if (!args) faults.push(`${where}: has no literal list of args`);
    if (!properties.has('reply')) faults.push(`${where}: does not say what its reply means`);
    if (name && source && keys && args) {
      declarations.push({
        name,
        lua: join(dirname(path), source),
        ...(shared && { shared: shared.map((part) => join(dirname(path), part)) }),
        keys,
        args,
        where,
      });
    }
  }
  return { declarations, faults };
}

const literal = (node: ts.Node | undefined): string | undefined =>
  node && ts.isStringLiteralLike(node) ? node.text : undefined;

function literals(node: ts.Node | undefined): string[] | undefined {
  if (!node || !ts.isArrayLiteralExpression(node)) return undefined;
  const names = node.elements.map(literal);
  return names.every((name) => name !== undefined) ? names : undefined;
}

/** The paths of one such URL or a list of them, each spelled out or a constant of this file. */
function sourcesOf(file: ts.SourceFile, node: ts.Node | undefined): string[] | undefined {
  if (!node) return undefined;
  const parts = ts.isArrayLiteralExpression(node) ? [...node.elements] : [node];
  const paths = parts.map((part) =>
    sourceOf(ts.isIdentifier(part) ? constantOf(file, part.text) : part),
  );
  return paths.every((path) => path !== undefined) ? paths : undefined;
}

function constantOf(file: ts.SourceFile, name: string): ts.Node | undefined {
  for (const statement of file.statements) {
    if (!ts.isVariableStatement(statement)) continue;
    for (const declaration of statement.declarationList.declarations) {
      if (declaration.name.getText(file) === name) return declaration.initializer;
    }
  }
  return undefined;
}

/** The path in `new URL('./lua/x.lua', import.meta.url)`. */
function sourceOf(node: ts.Node | undefined): string | undefined {
  if (!node || !ts.isNewExpression(node) || node.expression.getText() !== 'URL') return undefined;
  const [path, base] = node.arguments ?? [];
  if (base?.getText() !== 'import.meta.url') return undefined;
  return literal(path)?.match(/^\.\/lua\/[\w-]+\.lua$/)?.[0];
}
