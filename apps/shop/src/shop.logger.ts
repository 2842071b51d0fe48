import { ConsoleLogger } from '@nestjs/common';

/** What Nest says while it puts the application together: a page of it, before the one line that matters. */
const assembly = new Set([
  'InstanceLoader',
  'RoutesResolver',
  'RouterExplorer',
  'NestFactory',
  'NestApplication',
]);

/** The console logger without the assembly. */
export class ShopLogger extends ConsoleLogger {
  override log(message: unknown, ...rest: unknown[]): void {
    if (!assembly.has(String(rest.at(-1)))) super.log(message, ...rest);
  }
}
