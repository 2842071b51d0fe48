import { Command } from 'commander';
import { judgeCluster, unlinkedMasters } from '../../monitoring/health-check.js';
import { InfoText } from '../../monitoring/info-text.js';
import { Look } from '../../monitoring/look.js';
import { memoryFacts, serverFacts } from '../../monitoring/server-facts.js';
import { outputOption } from '../command-options.js';
import {
  examineConnection,
  examineServer,
  type ExaminedServer,
  type Finding,
  type FindingLevel,
} from '../doctor-findings.js';
import { EXIT, type CommandMaker } from '../exit-codes.js';
import { printable } from '../format.js';
import type { Colour } from '../terminal.js';
import { withToolkit, type Toolkit } from '../toolkit.js';
import { tryCommands } from '../try-commands.js';
import { unansweredLines } from './unanswered.js';

interface Diagnosis {
  readonly connection: readonly Finding[];
  readonly servers: readonly { readonly node: string; readonly findings: readonly Finding[] }[];
  readonly unanswered: Look['unanswered'];
}

const COLOURS: Record<FindingLevel, Colour> = {
  ok: 'green',
  advice: 'yellow',
  problem: 'red',
  unknown: 'dim',
};

/** What CONFIG GET is asked for. */
const SETTINGS = ['save', 'appendfsync', 'timeout', 'tcp-keepalive', 'slowlog-log-slower-than'];

export const doctorCommand: CommandMaker = (terminal, end) =>
  new Command('doctor')
    .description(
      'settings that do not suit the suite, and what to change; writes one key that expires',
    )
    .addOption(outputOption())
    .action(async ({ output }: { output: string }, command: Command) => {
      const diagnosis = await withToolkit(command, diagnose);
      const { connection, servers, unanswered } = diagnosis;
      const all = [...connection, ...servers.flatMap(({ findings }) => findings)];
      if (servers.length === 0) end(EXIT.failed);
      else if (all.some(({ level }) => level === 'problem')) end(EXIT.findings);
      if (output === 'json') return terminal.line(JSON.stringify(diagnosis));
      const print = (title: string, findings: readonly Finding[]) => {
        terminal.line(terminal.paint('bold', title));
        for (const { level, check, message } of findings) {
          const mark = terminal.paint(COLOURS[level], level.padEnd(8));
          terminal.line(`  ${mark} ${check}: ${printable(message)}`);
        }
      };
      print('connection', connection);
      for (const { node, findings } of servers) print(node, findings);
      for (const line of unansweredLines(terminal, unanswered)) terminal.complain(line);
    });

async function diagnose({ connections, options }: Toolkit): Promise<Diagnosis> {
  const connection = connections.get();
  const { timeoutMs } = options.monitoring;
  const look = await Look.at(connection, timeoutMs);
  const servers = await look.each(look.nodes, async (node) => {
    const info = await look.info(
      node,
      'server',
      'clients',
      'memory',
      'persistence',
      'stats',
      'replication',
    );
    const pong = await look.ask(node, 'PING', (client) => client.ping());
    if (!info && pong === undefined) return undefined;
    const settings = await look.ask(node, 'CONFIG GET', (client) =>
      client.config('GET', ...SETTINGS),
    );
    const { role, ...facts } = serverFacts(info ?? NO_INFO);
    return {
      ...(role && { role }),
      facts,
      memory: memoryFacts(info ?? NO_INFO),
      settings: settings === undefined ? undefined : pairs(settings),
    };
  });
  if (servers.length === 0) return { connection: [], servers: [], unanswered: look.unanswered };
  const target = options.connections.get('default')!;
  const user = await look.ask(look.nodes[0]!, 'ACL WHOAMI', (client) => client.acl('WHOAMI'));
  const encrypted = target.tls !== undefined;
  const own = examineConnection(target.target, encrypted, user && String(user), !!target.password);
  return {
    connection: [...own, ...(await tryCommands(connection, options.namespace, timeoutMs))],
    servers: [
      ...servers.map((server: ExaminedServer) => ({
        node: server.node,
        findings: examineServer(server),
      })),
      ...(await clusterFindings(look)),
    ],
    unanswered: look.unanswered.filter(({ reason }) => reason !== 'forbidden'),
  };
}

const NO_INFO = InfoText.parse();

/** CONFIG GET answers with names and values in turn. */
function pairs(reply: unknown): ReadonlyMap<string, string> {
  const words = Array.isArray(reply) ? reply.map(String) : [];
  const settings = new Map<string, string>();
  for (let at = 0; at + 1 < words.length; at += 2) settings.set(words[at]!, words[at + 1]!);
  return settings;
}

/** What is wrong with a Cluster as a whole, by the server that says so. */
async function clusterFindings(look: Look): Promise<Diagnosis['servers']> {
  const reasons = [...(await judgeCluster(look)), ...unlinkedMasters(look)];
  return reasons.map(({ node = look.connection.name, code, message }) => ({
    node,
    findings: [{ level: 'problem', check: code, message }],
  }));
}
