import ts from 'typescript';
import { nodesOf, parse } from './compiler.js';

/**
 * What makes a spec wait for time instead of for something to happen: a pause in the test itself, and a helper
 * that pauses for as long as it is told. Work that takes time on purpose (a slow factory) is not a pause.
 */
export function pausesIn(path: string, text?: string): string[] {
  const file = parse(path, text);
  const timers = timersImportedBy(file);
  const pauses: string[] = [];
  for (const node of nodesOf(file)) {
    const isTimer =
      isTimerPromise(node) ||
      (ts.isCallExpression(node) && timers.includes(node.expression.getText()));
    if (!isTimer) continue;
    const work = enclosingFunction(node);
    if (work === undefined || isTestBody(work)) {
      pauses.push(`line ${lineOf(file, node)}: waits for a time; poll for what should happen`);
    } else if (work.parameters.some(({ name }) => mentions(node, name.getText()))) {
      pauses.push(`line ${lineOf(file, node)}: is a helper that waits for a time`);
    }
  }
  return pauses;
}

const lineOf = (file: ts.SourceFile, node: ts.Node): number =>
  file.getLineAndCharacterOfPosition(node.getStart()).line + 1;

/** What the file calls `setTimeout` of `node:timers/promises`. */
const timersImportedBy = (file: ts.SourceFile): string[] =>
  file.statements
    .filter(ts.isImportDeclaration)
    .filter(({ moduleSpecifier }) => /timers\/promises/.test(moduleSpecifier.getText()))
    .flatMap(({ importClause }) => {
      const names = importClause?.namedBindings;
      if (!names) return [];
      return ts.isNamedImports(names)
        ? names.elements
            .filter(({ name, propertyName }) => (propertyName ?? name).text === 'setTimeout')
            .map(({ name }) => name.text)
        : [`${names.name.text}.setTimeout`];
    });

/** `new Promise((resolve) => setTimeout(resolve, …))`, with or without braces. */
function isTimerPromise(node: ts.Node): boolean {
  if (!ts.isNewExpression(node) || node.expression.getText() !== 'Promise') return false;
  const [executor] = node.arguments ?? [];
  if (!executor || !(ts.isArrowFunction(executor) || ts.isFunctionExpression(executor)))
    return false;
  const resolve = executor.parameters[0]?.name.getText();
  const statement = ts.isBlock(executor.body) ? executor.body.statements[0] : executor.body;
  const call = statement && ts.isExpressionStatement(statement) ? statement.expression : statement;
  return (
    call !== undefined &&
    ts.isCallExpression(call) &&
    call.expression.getText() === 'setTimeout' &&
    call.arguments[0]?.getText() === resolve
  );
}

function enclosingFunction(node: ts.Node): ts.FunctionLikeDeclaration | undefined {
  for (let at = node.parent; at; at = at.parent)
    if (ts.isFunctionLike(at)) return at as ts.FunctionLikeDeclaration;
  return undefined;
}

/** The function given to `it`, `test` or a hook. */
function isTestBody({ parent }: ts.Node): boolean {
  return (
    ts.isCallExpression(parent) &&
    /^(it|test|beforeEach|beforeAll|afterEach|afterAll)\b/.test(parent.expression.getText())
  );
}

function mentions(node: ts.Node, name: string): boolean {
  return [...nodesOf(node)].some((each) => ts.isIdentifier(each) && each.text === name);
}

/** True when the file calls `it`, `test` or a contract, which holds tests of its own. */
export function hasTests(path: string, text?: string): boolean {
  return [...nodesOf(parse(path, text))].some(
    (node) =>
      ts.isCallExpression(node) &&
      /^(it|test)\b|Contract\b|^describeTopologies/.test(node.expression.getText()),
  );
}

/** What runs one test and silently leaves out the rest. */
export function focusIn(path: string, text?: string): string[] {
  const file = parse(path, text);
  return [...nodesOf(file)]
    .filter(
      (node) =>
        (ts.isPropertyAccessExpression(node) &&
          /^(it|test|describe)\b.*\.only$/.test(node.getText())) ||
        (ts.isCallExpression(node) && /^(fit|fdescribe)$/.test(node.expression.getText())),
    )
    .map((node) => `line ${lineOf(file, node)}: ${node.getText().split('\n')[0]}`);
}
