export interface CommandStatistic {
  calls: number;
  microseconds: number;
  rejected: number;
  failed: number;
}

/** By command name in lower case, subcommands as `config|set`. */
export type CommandStatistics = Record<string, CommandStatistic>;

/** Reads the reply of `INFO commandstats`. */
export function parseCommandStatistics(info: string): CommandStatistics {
  const statistics: CommandStatistics = {};
  for (const line of info.split('\r\n')) {
    const match = /^cmdstat_([^:]+):(.*)$/.exec(line);
    if (match?.[1] === undefined || match[2] === undefined) continue;
    const fields = new Map(
      match[2].split(',').map((field) => field.split('=') as [string, string]),
    );
    statistics[match[1]] = {
      calls: Number(fields.get('calls') ?? 0),
      microseconds: Number(fields.get('usec') ?? 0),
      rejected: Number(fields.get('rejected_calls') ?? 0),
      failed: Number(fields.get('failed_calls') ?? 0),
    };
  }
  return statistics;
}

/** What was called between two readings, without the `INFO` of the readings themselves. */
export function callsBetween(
  before: CommandStatistics,
  after: CommandStatistics,
): Record<string, number> {
  const calls: Record<string, number> = {};
  for (const [command, { calls: total }] of Object.entries(after)) {
    const count = total - (before[command]?.calls ?? 0);
    if (count > 0 && command !== 'info') calls[command] = count;
  }
  return calls;
}

/** The calls of `command` with those of its subcommands: `config` counts `config|get` and `config|set`. */
export function callsOf(statistics: CommandStatistics, command: string): number {
  const name = command.toLowerCase();
  return Object.entries(statistics)
    .filter(([key]) => key === name || key.startsWith(`${name}|`))
    .reduce((sum, [, { calls }]) => sum + calls, 0);
}
