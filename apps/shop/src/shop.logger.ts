import { ConsoleLogger } from '@nestjs/common';
import { inspect } from 'node:util';

/** What Nest says while it puts the application together: a page of it, before the one line that matters. */
const assembly = new Set([
  'InstanceLoader',
  'RoutesResolver',
  'RouterExplorer',
  'NestFactory',
  'NestApplication',
]);

/** The console logger without the assembly, and without the errors that whoever starts the shop tells anyway. */
export class ShopLogger extends ConsoleLogger {
  override log(message: unknown, ...rest: unknown[]): void {
    if (!assembly.has(String(rest.at(-1)))) super.log(message, ...rest);
  }

  override error(message: unknown, ...rest: unknown[]): void {
    if (rest.at(-1) !== 'ExceptionHandler') super.error(message, ...rest);
  }
}

/** Why the shop could not start: the message of an error that was foreseen, everything about any other. */
export function startFailure(error: unknown): string {
  const isForeseen = error instanceof Error && 'code' in error && !('syscall' in error);
  return isForeseen ? error.message : inspect(error);
}
