import { Command, CommanderError } from 'commander';
import { safeMessage } from '../core/redact.js';
import { ConfigurationError } from '../core/redis-kit.error.js';
import { cacheCommand } from './commands/cache.command.js';
import { doctorCommand } from './commands/doctor.command.js';
import { keysCommand } from './commands/keys.command.js';
import { monitorCommand } from './commands/monitor.command.js';
import { slowlogCommand } from './commands/slowlog.command.js';
import { durationOption } from './command-options.js';
import { EXIT, type CommandMaker, type ExitCode } from './exit-codes.js';
import type { Terminal } from './terminal.js';

/** Each in a file of its own; a further one is one more name here. */
const COMMANDS: readonly CommandMaker[] = [
  monitorCommand,
  keysCommand,
  slowlogCommand,
  cacheCommand,
  doctorCommand,
];

const HELP = `
Environment:
  REDIS_URL  where Redis is, when --url is not given: redis://host, rediss://host for TLS,
             redis+sentinel://host,host/name or redis+cluster://host,host.
             A password in a --url is seen by everybody who can list processes; here it is not.
  NO_COLOR   no colours, whatever its value

Exit codes: 0 done, 1 Redis could not be reached or refused, 2 wrong usage, 3 something was found`;

/** Runs the command line, and answers with its exit code. */
export async function runProgram(argv: readonly string[], terminal: Terminal): Promise<ExitCode> {
  let code: ExitCode = EXIT.done;
  const program = new Command('redis-kit')
    .description('Looks at the Redis of an application, and at what is in it')
    .option('--url <url>', 'where Redis is (default: REDIS_URL, else redis://localhost:6379)')
    .option(
      '--namespace <name>',
      'namespace of the application (default: as the application makes it)',
    )
    .addOption(durationOption('--timeout <duration>', 'longest wait for each answer', '2s'))
    .addHelpText('after', HELP);
  for (const make of COMMANDS) program.addCommand(make(terminal, (ended) => (code = ended)));
  for (const command of [program, ...descendants(program)]) {
    command.exitOverride().configureOutput({
      writeOut: (text) => terminal.write(text),
      writeErr: (text) => terminal.complain(text.trimEnd()),
    });
  }
  try {
    await program.parseAsync(argv);
    return code;
  } catch (error) {
    // Help that was asked for ends with 0, and so does its way out of the parser.
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.done : EXIT.usage;
    if (error instanceof ConfigurationError) {
      terminal.complain(`error: ${error.message}`);
      return EXIT.usage;
    }
    terminal.complain(`error: ${safeMessage(error)}`);
    return EXIT.failed;
  }
}

const descendants = (command: Command): Command[] =>
  command.commands.flatMap((child) => [child, ...descendants(child)]);
