import ts from 'typescript';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { compilerOptions, parse } from './compiler.js';
import { read, shown } from './sources.js';

/** One door of the package: the name users import, and the file behind it. */
export interface Entry {
  readonly name: string;
  readonly source: string;
}

interface Manifest {
  readonly name: string;
  readonly exports: Readonly<Record<string, string | { readonly types?: string }>>;
}

/** The entries of the library, as its package.json tells them to users. */
export function entriesOf(folder: string): Entry[] {
  const manifest = JSON.parse(read(join(folder, 'package.json'))) as Manifest;
  return Object.entries(manifest.exports).flatMap(([path, target]) => {
    const types = typeof target === 'string' ? undefined : target.types;
    if (!types) return [];
    const source = types.replace(/^\.\/dist\//, 'src/').replace(/\.d\.ts$/, '.ts');
    return [{ name: manifest.name + path.slice(1), source: join(folder, source) }];
  });
}

/** `entry: kind name` of everything the entries export, sorted. */
export function publicNames(entries: readonly Entry[]): string[] {
  const present = entries.filter(({ source }) => existsSync(source));
  const program = ts.createProgram(
    present.map(({ source }) => source),
    compilerOptions(),
  );
  const checker = program.getTypeChecker();
  return present
    .flatMap(({ name, source }) => {
      const file = checker.getSymbolAtLocation(program.getSourceFile(source)!);
      // A file without exports is no module and has no symbol.
      const exported = file ? checker.getExportsOfModule(file) : [];
      return exported.map((symbol) => {
        const kind = kindOf(resolve(checker, symbol));
        return `${name}: ${kind === 'class' && isTypeOnly(symbol) ? 'type' : kind} ${symbol.name}`;
      });
    })
    .sort();
}

const resolve = (checker: ts.TypeChecker, symbol: ts.Symbol): ts.Symbol =>
  symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol;

/** True for `export type { … }` and `export { type … }`: a class that can be named and not made. */
const isTypeOnly = ({ declarations = [] }: ts.Symbol): boolean =>
  declarations.some((declaration) => ts.isTypeOnlyExportDeclaration(declaration));

function kindOf({ flags, name }: ts.Symbol): string {
  if (flags & ts.SymbolFlags.Class) return 'class';
  if (flags & ts.SymbolFlags.Function) return 'function';
  if (flags & ts.SymbolFlags.Enum) return 'enum';
  if (flags & ts.SymbolFlags.Variable) return 'const';
  if (flags & ts.SymbolFlags.Interface) return 'interface';
  if (flags & ts.SymbolFlags.TypeAlias) return 'type';
  throw new Error(`${name} is exported, and leads to nothing that can be`);
}

/** Whatever in an index file is not a list of names: `export *`, a default export, a declaration. */
export function unlistedExports(path: string, text?: string): string[] {
  return parse(path, text)
    .statements.filter((statement) => !isListOfNames(statement))
    .map((statement) => `${shown(path)}: ${statement.getText().split('\n')[0]}`);
}

const isListOfNames = (statement: ts.Statement): boolean =>
  ts.isExportDeclaration(statement) &&
  statement.exportClause !== undefined &&
  ts.isNamedExports(statement.exportClause) &&
  statement.exportClause.elements.every(({ name }) => name.text !== 'default');
