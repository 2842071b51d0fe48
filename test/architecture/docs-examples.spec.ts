import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { compile, examplesIn } from './support/doc-examples.js';
import { filesIn, read, ROOT } from './support/sources.js';

describe('the examples of the documentation', () => {
  it('compile as they stand, against the sources', () => {
    const pages = [
      ...[join(ROOT, 'README.md')].filter((path) => existsSync(path)),
      ...filesIn(join(ROOT, 'docs/guides'), (name) => name.endsWith('.md')),
    ];
    expect(compile(pages.flatMap((page) => examplesIn(page, read(page))))).toEqual([]);
  });

  const page = join(ROOT, 'docs/guides/sample.md');

  it('are found with their line, whatever surrounds them', () => {
    const text =
      'Text\n```ts\nconst a = 1;\n```\n\n1. A step:\n\n   ```typescript\n   const b = 2;\n   ```\n```sh\nnpm i\n```\n';
    expect(examplesIn(page, text)).toEqual([
      { page, line: 3, code: 'const a = 1;\n', exemption: undefined },
      { page, line: 9, code: 'const b = 2;\n', exemption: undefined },
    ]);
  });

  it('are reported by page and line when they do not compile', () => {
    const text =
      "# Page\n\n```ts\nimport { Injectable } from '@nestjs/common';\n@Injectable()\nclass A { a: string = 1; }\n```\n";
    expect(compile(examplesIn(page, text))).toEqual([
      "docs/guides/sample.md:6: Type 'number' is not assignable to type 'string'.",
    ]);
  });

  it('may be left out only for a reason', () => {
    const left = examplesIn(
      page,
      '```ts no-check: the driver is not installed here\nimport x from "x";\n```\n',
    );
    expect(left[0]?.exemption).toBe('the driver is not installed here');
    expect(compile(left)).toEqual([]);
    expect(() => examplesIn(page, '```ts no-check\n```\n')).toThrow(
      'docs/guides/sample.md: "ts no-check" gives no reason',
    );
  });
});
