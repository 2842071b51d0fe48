// @ts-check
// The end of `.ci/run`: node scripts/ci-totals.mjs <jest report> <exit code of the checks> <exit code of the tests>
import { existsSync, readFileSync } from 'node:fs';
import { totals } from './lib/totals.mjs';

const [report = '', checks, tests] = process.argv.slice(2);
const { line, passed } = totals(
  existsSync(report) ? JSON.parse(readFileSync(report, 'utf8')) : undefined,
);
if (checks !== '0') console.log('The static checks failed (npm run check).');
if (tests !== '0') console.log(`npm test ended with exit code ${tests}.`);
console.log(line);
process.exitCode = passed && checks === '0' && tests === '0' ? 0 : 1;
