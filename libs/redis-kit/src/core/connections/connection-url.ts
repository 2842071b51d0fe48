import { isIPv6 } from 'node:net';
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

/** Bounds of ports and database numbers, in options and URLs alike. */
export const MAX_PORT = 65_535;
export const MAX_DB = 65_535;

export const CONNECTION_URL_FORMS =
  'redis://[user:password@]host[:port][/db], rediss://… for TLS, unix:///path/to/socket, ' +
  'redis+sentinel://host:port,…/master-name[/db] or redis+cluster://host:port,…';

// As in any URL, the last @ before the path ends the credentials: a password may hold an unescaped one.
const URL_FORM = /^(rediss?)(?:\+(sentinel|cluster))?:\/\/(?:([^/]*)@)?([^@/?#]+)(?:\/([^?#]*))?$/;

/** Parses a connection URL; undefined when it has none of the accepted forms. */
export function parseConnectionUrl(text: string): ConnectionUrl | undefined {
  const socket = /^unix:\/\/(\/[^?#]+)$/.exec(text);
  if (socket) {
    const path = decode(socket[1]!);
    return path === undefined ? undefined : { target: { type: 'standalone', path }, tls: false };
  }

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
    const [nameText = '', dbText, ...rest] = path.split('/');
    // A raw @ here is the end of a password with an unescaped slash in it.
    const name = nameText.includes('@') ? undefined : decode(nameText);
    const db = parseDb(dbText);
    if (!name || rest.length > 0 || db === null) return undefined;
    const target = { type: 'sentinel', sentinels: nodes, name } as const;
    return { target, ...shared, ...(db === undefined ? {} : { db }) };
  }
  const db = parseDb(path);
  if (nodes.length !== 1 || db === null) return undefined;
  const target = { type: 'standalone', ...nodes[0]! } as const;
  return { target, ...shared, ...(db === undefined ? {} : { db }) };
}

function parseNodes(hosts: string, defaultPort: number): Address[] | undefined {
  const nodes: Address[] = [];
  for (const text of hosts.split(',')) {
    const match = /^(?:\[([^\]]+)\]|([^:[\]%\s]+))(?::(\d{1,5}))?$/.exec(text.trim());
    const [, ipv6, name, portText] = match ?? [];
    const host = ipv6 !== undefined && isIPv6(ipv6) ? ipv6 : name;
    const port = portText === undefined ? defaultPort : Number(portText);
    if (host === undefined || port < 1 || port > MAX_PORT) return undefined;
    nodes.push({ host, port });
  }
  return nodes;
}

function parseUserInfo(
  text: string | undefined,
): { username?: string; password?: string } | undefined {
  if (text === undefined) return {};
  const [user = '', ...rest] = text.split(':');
  const username = decode(user);
  const password = decode(rest.join(':'));
  if (username === undefined || password === undefined) return undefined;
  return { ...(username && { username }), ...(password && { password }) };
}

function decode(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}

function parseDb(text: string | undefined): number | undefined | null {
  if (text === undefined || text === '') return undefined;
  return /^\d{1,5}$/.test(text) && Number(text) <= MAX_DB ? Number(text) : null;
}
