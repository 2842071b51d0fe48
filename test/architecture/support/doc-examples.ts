import ts from 'typescript';
import { join } from 'node:path';
import { compilerOptions } from './compiler.js';
import { ROOT, shown } from './sources.js';

/** One fenced block of TypeScript in a page. */
export interface Example {
  /** The page's path. */
  readonly page: string;
  /** Line of the page on which the code begins, from 1. */
  readonly line: number;
  readonly code: string;
  /** Why the block is not compiled; undefined for a block that is. */
  readonly exemption: string | undefined;
}

const FENCE =
  /^(?<indent> *)```(?:ts|typescript)(?<info>[^\n]*)\n(?<code>.*?)^\k<indent>```\s*$/gms;

/** The TypeScript blocks of a page. A block says `ts no-check: <reason>` when it cannot stand alone. */
export function examplesIn(page: string, text: string): Example[] {
  return [...text.matchAll(FENCE)].map(({ index, groups }) => {
    const indent = groups!['indent']!;
    const code = groups!['code']!.split('\n').map((line) => line.slice(indent.length));
    return {
      page,
      line: text.slice(0, index).split('\n').length + 1,
      code: code.join('\n'),
      exemption: exemptionIn(groups!['info']!.trim(), page),
    };
  });
}

function exemptionIn(info: string, page: string): string | undefined {
  if (!info.includes('no-check')) return undefined;
  const reason = /^no-check: (\S.+)$/.exec(info)?.[1];
  if (!reason) throw new Error(`${shown(page)}: "ts ${info}" gives no reason ("ts no-check: …")`);
  return reason;
}

/**
 * Compiles each block as a module of its own against the sources, and says what is wrong by page and line.
 * Nothing is written to disk: the blocks exist in the compiler's memory only.
 */
export function compile(examples: readonly Example[]): string[] {
  const blocks = new Map(
    examples
      .filter(({ exemption }) => exemption === undefined)
      // Inside the workspace, so that its packages are found; not beside the page, whose folder is no module.
      .map((example, at) => [join(ROOT, 'artifacts', `example-${at}.ts`), example]),
  );
  const options: ts.CompilerOptions = {
    ...compilerOptions(),
    noEmit: true,
    // An example declares what its reader will use.
    noUnusedLocals: false,
    noUnusedParameters: false,
  };
  const host = ts.createCompilerHost(options, true);
  const { readFile, fileExists, getSourceFile } = host;
  host.fileExists = (path) => blocks.has(path) || fileExists.call(host, path);
  host.readFile = (path) => blocks.get(path)?.code ?? readFile.call(host, path);
  host.getSourceFile = (path, languageVersion, ...rest) => {
    const block = blocks.get(path);
    if (!block) return getSourceFile.call(host, path, languageVersion, ...rest);
    // `export {}` at the end makes a module of a block without imports, and moves no line.
    return ts.createSourceFile(path, `${block.code}\nexport {};\n`, languageVersion, true);
  };
  const program = ts.createProgram([...blocks.keys()], options, host);
  return [...blocks].flatMap(([path, example]) => {
    const file = program.getSourceFile(path)!;
    const diagnostics = [
      ...program.getSyntacticDiagnostics(file),
      ...program.getSemanticDiagnostics(file),
    ];
    return diagnostics.map((diagnostic) => {
      const line = file.getLineAndCharacterOfPosition(diagnostic.start ?? 0).line + example.line;
      return `${shown(example.page)}:${line}: ${ts.flattenDiagnosticMessageText(diagnostic.messageText, ' ')}`;
    });
  });
}
