import ts from 'typescript';
import { join } from 'node:path';
import { read, ROOT } from './sources.js';

/** The compiler options of the workspace, as `tsc -p tsconfig.json` has them. */
export function compilerOptions(): ts.CompilerOptions {
  const path = join(ROOT, 'tsconfig.json');
  const { config } = ts.readConfigFile(path, (name) => ts.sys.readFile(name));
  return ts.parseJsonConfigFileContent(config, ts.sys, ROOT).options;
}

/** The syntax tree of one file, or of `text` in its place. */
export function parse(path: string, text = read(path)): ts.SourceFile {
  return ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true);
}

/** Every node at or below `node`, in the order of the text. */
export function* nodesOf(node: ts.Node): Generator<ts.Node> {
  yield node;
  for (const child of node.getChildren()) yield* nodesOf(child);
}
