import { describeCommand } from '../core/redact-command.js';
import { dateOfSeconds } from './info-text.js';
import type { Look } from './look.js';
import type { SlowCommand, SlowLog } from './monitor-reports.js';
import { sum } from './server-facts.js';

/** Redis cuts long lists of arguments, and says so in the last one. */
const CUT = /^\.\.\. \((\d+) more arguments\)$/;

/** The latest slow commands of every server. */
export async function readSlowLog(look: Look, count: number): Promise<SlowLog> {
  const commands: SlowCommand[] = [];
  const nodes = await look.each(look.nodes, async (node) => {
    const { name, role } = node;
    const [entries, length] = await Promise.all([
      look.ask(node, 'SLOWLOG GET', (client) => client.slowlog('GET', count)),
      look.ask(node, 'SLOWLOG LEN', (client) => client.slowlog('LEN')),
    ]);
    if (entries === undefined && length === undefined) return undefined;
    commands.push(...slowCommandsIn(entries).map((entry) => ({ node: name, role, ...entry })));
    return { length: typeof length === 'number' ? length : null };
  });
  commands.sort((a, b) => b.at.getTime() - a.at.getTime() || b.id - a.id);
  return {
    ...look.report(nodes, (all) => ({ length: sum(all, 'length') })),
    commands: commands.slice(0, count),
  };
}

/** Reads a reply of SLOWLOG GET; what is not as it should be is left out. */
export function slowCommandsIn(reply: unknown): Omit<SlowCommand, 'node' | 'role'>[] {
  if (!Array.isArray(reply)) return [];
  return reply.flatMap((entry: unknown) => {
    if (!Array.isArray(entry)) return [];
    const [id, seconds, microseconds, words, , clientName] = entry as unknown[];
    const at = dateOfSeconds(seconds);
    if (!at || ![id, microseconds].every(Number.isFinite) || !Array.isArray(words)) return [];
    const [name = '', ...args] = words.map(String);
    const cut = CUT.exec(args.at(-1) ?? '');
    const told = cut ? args.slice(0, -1) : args;
    const described = describeCommand(name, told);
    return [
      {
        id: id as number,
        at,
        durationMs: (microseconds as number) / 1_000,
        ...described,
        argumentCount: described.argumentCount + Number(cut?.[1] ?? 0),
        clientName: typeof clientName === 'string' && clientName !== '' ? clientName : null,
      },
    ];
  });
}
