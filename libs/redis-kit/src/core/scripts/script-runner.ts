import calculateSlot from 'cluster-key-slot';
import type { RedisClient } from '../connections/connection-url.js';
import { isConnectivityError } from '../failsafe/connectivity.js';
import { CrossSlotError } from '../redis-kit.error.js';
import type { ByName, Script } from './define-script.js';

type Argument = string | number | Buffer;

interface Evaluator {
  evalsha(sha1: string, keyCount: number, ...rest: Argument[]): Promise<unknown>;
  evalshaBuffer(sha1: string, keyCount: number, ...rest: Argument[]): Promise<unknown>;
  eval(lua: string, keyCount: number, ...rest: Argument[]): Promise<unknown>;
  evalBuffer(lua: string, keyCount: number, ...rest: Argument[]): Promise<unknown>;
}

/** The keys of one script live in one slot: checked where developers see it, and not paid for in production. */
const CHECK_SLOTS = process.env['NODE_ENV'] !== 'production';

/**
 * Runs a declared script by its digest. A server that does not know it (restart, failover, `SCRIPT FLUSH`) gets the
 * text; nothing ran before, so that is safe for every script. A lost reply is retried only for idempotent scripts.
 *
 * @throws CrossSlotError when the keys are in different slots (not checked in production).
 */
export async function runScript<Key extends string, Arg extends string, Reply>(
  client: RedisClient,
  script: Script<Key, Arg, Reply>,
  keys: ByName<Key, string>,
  args: ByName<Arg, Argument>,
): Promise<Reply> {
  const rest: Argument[] = [];
  append(rest, script.keys, keys);
  const keyCount = rest.length;
  if (CHECK_SLOTS && keyCount > 1) assertOneSlot(script.name, rest as string[]);
  append(rest, script.args, args);
  let raw: unknown;
  try {
    raw = await sendDigest(client, script, keyCount, rest);
  } catch (error) {
    raw = await sendAgain(client, script, keyCount, rest, error);
  }
  return script.parse(raw);
}

/** In the declared order. */
function append(list: Argument[], names: readonly string[], values: object): void {
  for (const name of names) {
    if (name.startsWith('...'))
      list.push(...(values as Record<string, Argument[]>)[name.slice(3)]!);
    else list.push((values as Record<string, Argument>)[name]!);
  }
}

function sendDigest(
  client: RedisClient,
  script: Script<string, string, unknown>,
  keyCount: number,
  rest: Argument[],
): Promise<unknown> {
  const evaluator = client as unknown as Evaluator;
  return script.binary
    ? evaluator.evalshaBuffer(script.sha1, keyCount, ...rest)
    : evaluator.evalsha(script.sha1, keyCount, ...rest);
}

function sendText(
  client: RedisClient,
  script: Script<string, string, unknown>,
  keyCount: number,
  rest: Argument[],
): Promise<unknown> {
  const evaluator = client as unknown as Evaluator;
  return script.binary
    ? evaluator.evalBuffer(script.lua, keyCount, ...rest)
    : evaluator.eval(script.lua, keyCount, ...rest);
}

/** After a failure: the text when the digest is not known, and all of it once more when the reply may be lost. */
async function sendAgain(
  client: RedisClient,
  script: Script<string, string, unknown>,
  keyCount: number,
  rest: Argument[],
  failure: unknown,
): Promise<unknown> {
  let error = failure;
  if (isUnknown(error)) {
    try {
      return await sendText(client, script, keyCount, rest);
    } catch (lost) {
      error = lost;
    }
  }
  if (!script.idempotent || !isConnectivityError(error) || client.status === 'end') throw error;
  try {
    return await sendDigest(client, script, keyCount, rest);
  } catch (again) {
    if (!isUnknown(again)) throw again;
    return sendText(client, script, keyCount, rest);
  }
}

const isUnknown = (error: unknown): boolean =>
  error instanceof Error && error.message.startsWith('NOSCRIPT');

function assertOneSlot(script: string, keys: readonly string[]): void {
  const slot = calculateSlot(keys[0]!);
  if (keys.some((key) => calculateSlot(key) !== slot)) throw new CrossSlotError(script, keys);
}
