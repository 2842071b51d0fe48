import type { Cluster, Redis } from 'ioredis';

/** A Redis client of either shape. */
export type RedisClient = Redis | Cluster;

/** Where one server listens. */
export interface Address {
  readonly host: string;
  readonly port: number;
}

/** What a connection leads to. */
export type ConnectionTarget =
  | ({ readonly type: 'standalone' } & Address)
  | { readonly type: 'standalone'; readonly path: string }
  | { readonly type: 'sentinel'; readonly sentinels: readonly Address[]; readonly name: string }
  | { readonly type: 'cluster'; readonly nodes: readonly Address[] }
  | { readonly type: 'client'; readonly client: RedisClient };

/** What a connection URL says. */
export interface ConnectionUrl {
  readonly target: ConnectionTarget;
  readonly tls: boolean;
  readonly username?: string;
  readonly password?: string;
  readonly db?: number;
}

export const CONNECTION_URL_FORMS =
  'redis://[user:password@]host[:port][/db], rediss://… for TLS, unix:///path/to/socket, ' +
  'redis+sentinel://host:port,…/master-name[/db] or redis+cluster://host:port,…';

const URL_FORM = /^(rediss?)(?:\+(sentinel|cluster))?:\/\/(?:([^@/]*)@)?([^/?#]+)(?:\/([^?#]*))?$/;

/** Parses a connection URL; undefined when it has none of the accepted forms. */
export function parseConnectionUrl(text: string): ConnectionUrl | undefined {
  const socket = /^unix:\/\/(\/[^?#]+)$/.exec(text);
  if (socket) return { target: { type: 'standalone', path: socket[1]! }, tls: false };

  const match = URL_FORM.exec(text);
  if (!match) return undefined;
  const [, scheme, topology, userInfo, hosts = '', path = ''] = match;
  const nodes = parseNodes(hosts, topology === 'sentinel' ? 26379 : 6379);
  const credentials = parseUserInfo(userInfo);
  if (!nodes || !credentials) return undefined;
  const shared = { tls: scheme === 'rediss', ...credentials };

  if (topology === 'cluster') {
    return path === '' ? { target: { type: 'cluster', nodes }, ...shared } : undefined;
  }
  if (topology === 'sentinel') {
    const [name, dbText, ...rest] = path.split('/');
    const db = parseDb(dbText);
    if (!name || rest.length > 0 || db === null) return undefined;
    const target = { type: 'sentinel', sentinels: nodes, name: decodeURIComponent(name) } as const;
    return { target, ...shared, ...(db === undefined ? {} : { db }) };
  }
  const db = parseDb(path);
  if (nodes.length !== 1 || db === null) return undefined;
  const target = { type: 'standalone', ...nodes[0]! } as const;
  return { target, ...shared, ...(db === undefined ? {} : { db }) };
}

function parseNodes(hosts: string, defaultPort: number): Address[] | undefined {
  const nodes: Address[] = [];
  for (const host of hosts.split(',')) {
    const match = /^(\[[0-9a-f:.]+\]|[^:[\]\s]+)(?::(\d{1,5}))?$/i.exec(host.trim());
    const port = match?.[2] === undefined ? defaultPort : Number(match[2]);
    if (!match || port < 1 || port > 65_535) return undefined;
    nodes.push({ host: match[1]!.replace(/^\[|\]$/g, ''), port });
  }
  return nodes;
}

function parseUserInfo(
  text: string | undefined,
): { username?: string; password?: string } | undefined {
  if (text === undefined) return {};
  const colon = text.indexOf(':');
  try {
    const username = decodeURIComponent(colon < 0 ? text : text.slice(0, colon));
    const password = colon < 0 ? '' : decodeURIComponent(text.slice(colon + 1));
    return { ...(username && { username }), ...(password && { password }) };
  } catch {
    return undefined;
  }
}

function parseDb(text: string | undefined): number | undefined | null {
  if (text === undefined || text === '') return undefined;
  return /^\d{1,5}$/.test(text) ? Number(text) : null;
}
