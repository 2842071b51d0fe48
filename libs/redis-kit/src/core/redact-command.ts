import { redactKey } from './redact.js';

/** What may be told of a command: its name, its keys redacted, and how many arguments it had. Never a value. */
export interface DescribedCommand {
  /** In capitals, with the subcommand where it is one: `CONFIG GET`. */
  readonly command: string;
  readonly keys: readonly string[];
  readonly argumentCount: number;
}

/** Commands with subcommands: the first argument is part of the name, and the rest is told of none of them. */
const CONTAINERS = new Set(
  'ACL CLIENT CLUSTER COMMAND CONFIG DEBUG FUNCTION LATENCY MEMORY MODULE OBJECT PUBSUB SCRIPT SENTINEL SLOWLOG XGROUP XINFO'.split(
    ' ',
  ),
);

/** Every argument is a key. */
const ALL_KEYS = new Set(
  'DEL EXISTS MGET PFCOUNT SDIFF SINTER SUNION TOUCH UNLINK WATCH'.split(' '),
);

/** The second argument says how many keys follow. */
const COUNTED_KEYS = new Set('EVAL EVALSHA EVAL_RO EVALSHA_RO FCALL FCALL_RO'.split(' '));

/** The first argument is the key. A command in none of these lists has no key that could be told. */
const FIRST_KEY = new Set(
  (
    'APPEND DECR DECRBY DUMP EXPIRE EXPIREAT EXPIRETIME GET GETBIT GETDEL GETEX GETRANGE GETSET GEOADD GEOSEARCH ' +
    'HDEL HEXISTS HGET HGETALL HINCRBY HINCRBYFLOAT HKEYS HLEN HMGET HMSET HRANDFIELD HSCAN HSET HSETNX HVALS ' +
    'INCR INCRBY INCRBYFLOAT LINDEX LINSERT LLEN LPOP LPOS LPUSH LPUSHX LRANGE LREM LSET LTRIM PERSIST PEXPIRE ' +
    'PEXPIREAT PEXPIRETIME PFADD PSETEX PTTL RESTORE RPOP RPUSH RPUSHX SADD SCARD SET SETBIT SETEX SETNX SETRANGE ' +
    'SISMEMBER SMEMBERS SMISMEMBER SORT SPOP SRANDMEMBER SREM SSCAN STRLEN TTL TYPE XACK XADD XAUTOCLAIM XCLAIM ' +
    'XDEL XLEN XPENDING XRANGE XREVRANGE XTRIM ZADD ZCARD ZCOUNT ZINCRBY ZLEXCOUNT ZMSCORE ZPOPMAX ZPOPMIN ' +
    'ZRANDMEMBER ZRANGE ZRANGEBYLEX ZRANGEBYSCORE ZRANK ZREM ZREMRANGEBYLEX ZREMRANGEBYRANK ZREMRANGEBYSCORE ' +
    'ZREVRANGE ZREVRANGEBYSCORE ZREVRANK ZSCAN ZSCORE'
  ).split(' '),
);

/** More keys than this are counted and not named. */
const MOST_KEYS = 5;

/** Describes a command so that it can be logged. What is not known to be a key may be a secret, and is only counted. */
export function describeCommand(name: string, args: readonly string[]): DescribedCommand {
  const command = wordIn(name);
  if (CONTAINERS.has(command)) {
    const subcommand = wordIn(args[0] ?? '');
    return { command: `${command} ${subcommand}`.trim(), keys: [], argumentCount: args.length };
  }
  const keys = keysOf(command, args).slice(0, MOST_KEYS).map(redactKey);
  return { command, keys, argumentCount: args.length };
}

function keysOf(command: string, args: readonly string[]): readonly string[] {
  if (FIRST_KEY.has(command)) return args.slice(0, 1);
  if (ALL_KEYS.has(command)) return args;
  if (COUNTED_KEYS.has(command)) return args.slice(2, 2 + (Number(args[1]) || 0));
  return [];
}

/** A command, in capitals. What does not look like one was sent by mistake, and may be anything. */
const wordIn = (text: string): string =>
  /^[a-z][a-z_.-]{0,39}$/i.test(text) ? text.toUpperCase() : text === '' ? '' : '?';
