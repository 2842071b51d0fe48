import { Command } from 'commander';
import { CacheInvalidationError } from '../../cache/cache.errors.js';
import { EXIT, type CommandMaker } from '../exit-codes.js';
import { withToolkit } from '../toolkit.js';
import { safeMessage } from '../../core/redact.js';

export const cacheCommand: CommandMaker = (terminal, end) =>
  new Command('cache').description('caches of the application').addCommand(
    new Command('invalidate')
      .description('makes everything that carries a tag be loaded again')
      .requiredOption('--tag <tag...>', 'tags, as the application gives them')
      .option('--cache <name>', 'name of the cache', 'default')
      .action(async ({ tag, cache }: { tag: string[]; cache: string }, command: Command) => {
        await withToolkit(command, async (toolkit) => {
          const where = `cache '${cache}' of '${toolkit.options.namespace}'`;
          const { connections, options } = toolkit;
          // A cache does not wait for a connection; this command has nothing else to do.
          await connections.get().connect(options.monitoring.timeoutMs);
          try {
            await toolkit.cache(cache).invalidateTags(...tag);
            terminal.line(
              `Invalidated ${tag.length === 1 ? 'the tag' : `${tag.length} tags`} in ${where}.`,
            );
          } catch (error) {
            if (!(error instanceof CacheInvalidationError)) throw error;
            // An application goes on trying; this process ends.
            terminal.complain(
              `error: nothing is known to be invalidated in ${where}: ${safeMessage(error.cause)}`,
            );
            end(EXIT.failed);
          }
        });
      }),
  );
