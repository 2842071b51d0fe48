import { isIP } from 'node:net';
import type { ConnectionTarget } from '../core/connections/connection-url.js';
import type { MemoryFacts, ServerFacts } from '../monitoring/monitor-reports.js';

/** `problem`: something will not work, or be lost; `advice`: could be better; `unknown`: the server does not tell. */
export type FindingLevel = 'ok' | 'advice' | 'problem' | 'unknown';

/** What was looked at, what was found, and what to do about it. */
export interface Finding {
  readonly level: FindingLevel;
  readonly check: string;
  readonly message: string;
}

/** What is known of one server; settings are those of CONFIG GET, undefined where it is not allowed. */
export interface ExaminedServer {
  readonly node: string;
  readonly role: 'master' | 'replica';
  readonly facts: ServerFacts;
  readonly memory: MemoryFacts;
  readonly settings: ReadonlyMap<string, string> | undefined;
}

/** The oldest servers that the suite is tested with. */
const OLDEST = { redis: [7, 0], valkey: [7, 2] } as const;

export function examineServer(server: ExaminedServer): Finding[] {
  return [
    version(server),
    memoryLimit(server),
    evictionPolicy(server),
    persistence(server),
    ...connectionSettings(server),
  ];
}

function version({ facts: { server, version } }: ExaminedServer): Finding {
  const check = 'version';
  if (server === null || version === null) {
    return { level: 'unknown', check, message: 'INFO server is not allowed' };
  }
  const [major = 0, minor = 0] = version.split('.').map(Number);
  const [oldestMajor, oldestMinor] = OLDEST[server];
  const isOld = major < oldestMajor || (major === oldestMajor && minor < oldestMinor);
  return isOld
    ? {
        level: 'problem',
        check,
        message: `${server} ${version} is older than ${oldestMajor}.${oldestMinor}, the oldest the suite works with: update it`,
      }
    : { level: 'ok', check, message: `${server} ${version}` };
}

function memoryLimit({ memory: { maxBytes, usedBytes } }: ExaminedServer): Finding {
  const check = 'maxmemory';
  if (usedBytes === null) return { level: 'unknown', check, message: 'INFO memory is not allowed' };
  return maxBytes === null
    ? {
        level: 'advice',
        check,
        message:
          'there is no limit, so the system ends Redis when its memory is used up: set maxmemory below what the machine has',
      }
    : { level: 'ok', check, message: `${maxBytes} bytes` };
}

function evictionPolicy({ memory: { policy } }: ExaminedServer): Finding {
  const check = 'maxmemory-policy';
  if (policy === null) return { level: 'unknown', check, message: 'INFO memory is not allowed' };
  if (policy === 'noeviction') {
    return {
      level: 'ok',
      check,
      message:
        'noeviction keeps locks, sessions, limits and streams; for a server of caches alone use volatile-ttl',
    };
  }
  const loses =
    'when memory is used up it throws away locks, sessions and limits: keep those on a server with noeviction';
  const forCaches =
    policy === 'volatile-ttl' ? '' : '; for caches, volatile-ttl keeps the tokens of tags longest';
  return { level: 'advice', check, message: `${policy}: ${loses}${forCaches}` };
}

function persistence({ facts, settings }: ExaminedServer): Finding {
  const check = 'persistence';
  const { isAppendOnly, isLastSaveOk, isLastAppendOk } = facts.persistence;
  if (isAppendOnly === null)
    return { level: 'unknown', check, message: 'INFO persistence is not allowed' };
  if (isLastSaveOk === false || (isAppendOnly && isLastAppendOk === false)) {
    return {
      level: 'problem',
      check,
      message:
        'the last write to disk failed, and by its defaults Redis refuses writes until one works: look at its log, and at the disk',
    };
  }
  if (isAppendOnly) {
    const fsync = settings?.get('appendfsync');
    return fsync === 'no'
      ? {
          level: 'advice',
          check,
          message:
            'appendfsync no loses what the system did not write yet when the machine fails: use everysec',
        }
      : {
          level: 'ok',
          check,
          message: `append-only file${fsync === undefined ? '' : `, appendfsync ${fsync}`}`,
        };
  }
  const save = settings?.get('save');
  if (save === undefined)
    return {
      level: 'unknown',
      check,
      message:
        'no append-only file; CONFIG GET is not allowed, so whether there are snapshots is not known',
    };
  return save === ''
    ? {
        level: 'advice',
        check,
        message:
          'nothing is written to disk: after a restart sessions, limits and streams are gone. For caches that is right; for these set appendonly yes',
      }
    : {
        level: 'advice',
        check,
        message: `snapshots only (save ${save}): what came after the last one is lost with the process. For sessions and streams set appendonly yes`,
      };
}

function connectionSettings({ settings }: ExaminedServer): Finding[] {
  if (!settings) {
    return [{ level: 'unknown', check: 'timeout', message: 'CONFIG GET is not allowed' }];
  }
  const idle = Number(settings.get('timeout') ?? 0);
  const keepAlive = Number(settings.get('tcp-keepalive') ?? 300);
  return [
    idle > 0
      ? {
          level: 'advice',
          check: 'timeout',
          message: `connections that are idle for ${idle} s are closed, and made anew for the next command: set timeout 0`,
        }
      : { level: 'ok', check: 'timeout', message: 'idle connections are kept' },
    keepAlive === 0
      ? {
          level: 'advice',
          check: 'tcp-keepalive',
          message: 'clients that vanished are never noticed: set tcp-keepalive 300',
        }
      : { level: 'ok', check: 'tcp-keepalive', message: `${keepAlive} s` },
    settings.get('slowlog-log-slower-than') === '-1'
      ? {
          level: 'advice',
          check: 'slow log',
          message: 'it is off: set slowlog-log-slower-than 10000',
        }
      : {
          level: 'ok',
          check: 'slow log',
          message: `commands above ${settings.get('slowlog-log-slower-than') ?? '?'} µs`,
        },
  ];
}

/** How the connection is made: whether others can listen to it, and as whom it is logged in. */
export function examineConnection(
  target: ConnectionTarget,
  isEncrypted: boolean,
  user: string | undefined,
  hasPassword: boolean,
): Finding[] {
  const isNear = hostsOf(target).every(isLoopback);
  return [
    isEncrypted || isNear
      ? {
          level: 'ok',
          check: 'TLS',
          message: isEncrypted ? 'on' : 'off, and Redis is on this machine',
        }
      : {
          level: 'advice',
          check: 'TLS',
          message:
            'off: whoever listens on the network reads the password and the data. Use rediss:// unless the network is private',
        },
    user === undefined
      ? { level: 'unknown', check: 'ACL', message: 'ACL WHOAMI is not allowed' }
      : user === 'default' && !hasPassword && !isNear
        ? {
            level: 'problem',
            check: 'ACL',
            message:
              'logged in as default without a password: whoever reaches the port may do everything. Set a password, better a user of its own',
          }
        : user === 'default'
          ? {
              level: 'advice',
              check: 'ACL',
              message:
                'logged in as default, who by its defaults may do everything: docs/operations/going-to-production.md has a user that may do what is needed',
            }
          : { level: 'ok', check: 'ACL', message: `user ${user}` },
  ];
}

function hostsOf(target: ConnectionTarget): string[] {
  switch (target.type) {
    case 'standalone':
      return 'path' in target ? [] : [target.host];
    case 'sentinel':
      return target.sentinels.map(({ host }) => host);
    case 'cluster':
      return target.nodes.map(({ host }) => host);
    case 'client':
      return [];
  }
}

const isLoopback = (host: string): boolean =>
  host === 'localhost' || (isIP(host) === 4 && host.startsWith('127.')) || host === '::1';
