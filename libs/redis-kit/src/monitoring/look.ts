import type { Redis } from 'ioredis';
import type { RedisConnection } from '../core/connections/redis-connection.js';
import { serverNodes, type ServerNode } from '../core/connections/server-nodes.js';
import { isConnectivityError } from '../core/failsafe/connectivity.js';
import { withDeadline } from '../core/failsafe/deadline.js';
import { safeMessage } from '../core/redact.js';
import { InfoText } from './info-text.js';
import type { MonitorReport, OfNode, Unanswered } from './monitor-reports.js';

/** Sections of INFO. */
export type InfoSection =
  | 'server'
  | 'clients'
  | 'memory'
  | 'persistence'
  | 'stats'
  | 'replication'
  | 'commandstats'
  | 'cpu'
  | 'latencystats'
  | 'keyspace';

/** What one look at the servers has learned so far, and what it was denied. It never throws because of a server. */
export class Look {
  readonly unanswered: Unanswered[] = [];

  private constructor(
    readonly connection: RedisConnection,
    readonly nodes: readonly ServerNode[],
    readonly timeoutMs: number,
  ) {}

  /** Looks at a connection's servers; there are none when they cannot be reached. */
  static async at(connection: RedisConnection, timeoutMs: number): Promise<Look> {
    try {
      return new Look(connection, await serverNodes(connection, timeoutMs), timeoutMs);
    } catch (error) {
      const look = new Look(connection, [], timeoutMs);
      look.#note(connection.name, 'connecting', error);
      return look;
    }
  }

  get masters(): readonly ServerNode[] {
    return this.nodes.filter(({ role }) => role === 'master');
  }

  /** Asks a server; undefined, and noted, when it did not answer. */
  async ask<T>(
    { name, client }: ServerNode,
    asked: string,
    question: (client: Redis) => Promise<T>,
    timeoutMs = this.timeoutMs,
  ): Promise<T | undefined> {
    try {
      if (!client) throw new Error('Connection is closed.');
      return await withDeadline(asked, timeoutMs, question(client));
    } catch (error) {
      this.#note(name, asked, error);
      return undefined;
    }
  }

  /**
   * Sections of INFO in one command. Where the ACL has no leave for that, each is asked for alone, because an ACL can
   * allow single ones.
   */
  async info(node: ServerNode, ...sections: readonly InfoSection[]): Promise<InfoText | undefined> {
    try {
      if (!node.client) throw new Error('Connection is closed.');
      const reply = await withDeadline('INFO', this.timeoutMs, node.client.info(...sections));
      return InfoText.parse(reply);
    } catch (error) {
      if (reasonOf(error) !== 'forbidden' || sections.length === 1) {
        this.#note(node.name, `INFO ${sections.join(' ')}`, error);
        return undefined;
      }
    }
    const replies = await Promise.all(
      sections.map((section) =>
        this.ask(node, `INFO ${section}`, (client) => client.info(section)),
      ),
    );
    const text = InfoText.parse(...replies);
    return text.isEmpty ? undefined : text;
  }

  /** The same question to each of these servers, at the same time; those that did not answer are left out. */
  async each<Facts extends object>(
    nodes: readonly ServerNode[],
    question: (node: ServerNode) => Promise<Facts | undefined>,
  ): Promise<(OfNode & Facts)[]> {
    const answers = await Promise.all(
      nodes.map(async (node) => {
        const facts = await question(node);
        return facts && { node: node.name, role: node.role, ...facts };
      }),
    );
    return answers.filter((answer) => answer !== undefined);
  }

  report<Facts, Total>(
    nodes: readonly (OfNode & Facts)[],
    total: (nodes: readonly (OfNode & Facts)[]) => Total,
  ): MonitorReport<Facts, Total> {
    const { name: connection, topology } = this.connection;
    const { unanswered } = this;
    return {
      connection,
      topology,
      nodes,
      total: nodes.length > 0 ? total(nodes) : null,
      unanswered,
    };
  }

  /** Notes a failure once for each server and question. */
  note(node: string, asked: string, error: unknown): void {
    if (this.unanswered.some((other) => other.node === node && other.asked === asked)) return;
    this.#note(node, asked, error);
  }

  #note(node: string, asked: string, error: unknown): void {
    this.unanswered.push({ node, asked, reason: reasonOf(error), message: safeMessage(error) });
  }
}

function reasonOf(error: unknown): Unanswered['reason'] {
  const message = error instanceof Error ? error.message : '';
  if (message.startsWith('NOPERM')) return 'forbidden';
  if (/^ERR unknown (sub)?command/i.test(message)) return 'unsupported';
  return isConnectivityError(error) ? 'unreachable' : 'failed';
}
