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
export function runScript<Key extends string, Arg extends string, Reply>(
  client: RedisClient,
  script: Script<Key, Arg, Reply>,
  keys: ByName<Key, string>,
  args: ByName<Arg, Argument>,
): Promise<Reply> {
  const rest: Argument[] = [];
  append(rest, script.keys, keys);
  const keyCount = rest.length;
  append(rest, script.args, args);
  return runOrdered(client, script, keyCount, rest);
}

/**
 * `runScript` for callers so frequent that looking values up by their names counts: keys and arguments in the declared
 * order.
 */
export function runOrdered<Reply>(
  client: RedisClient,
  script: Script<string, string, Reply>,
  keyCount: number,
  rest: readonly Argument[],
): Promise<Reply> {
  if (CHECK_SLOTS && keyCount > 1) {
    const keys = rest.slice(0, keyCount) as string[];
    if (!areInOneSlot(keys)) return Promise.reject(new CrossSlotError(script.name, keys));
  }
  // No `await` on the way of a reply: each would be one more turn of the queue for every call.
  return send(client, script, keyCount, rest).then(script.parse, (error: unknown) =>
    repeat(client, script, keyCount, rest, error),
  );
}

/** In the declared order. */
function append(list: Argument[], names: readonly string[], values: object): void {
  for (const name of names) {
    if (name.startsWith('...'))
      list.push(...(values as Record<string, Argument[]>)[name.slice(3)]!);
    else list.push((values as Record<string, Argument>)[name]!);
  }
}

/** After a failed attempt: with the text, or once more when that is safe. */
async function repeat<Reply>(
  client: RedisClient,
  script: Script<string, string, Reply>,
  keyCount: number,
  rest: readonly Argument[],
  failure: unknown,
): Promise<Reply> {
  let error = failure;
  if (isUnknownScript(error)) {
    try {
      return script.parse(await sendText(client, script, keyCount, rest));
    } catch (second) {
      error = second;
    }
  }
  if (!script.idempotent || !isConnectivityError(error) || client.status === 'end') throw error;
  return script.parse(await evaluate(client, script, keyCount, rest));
}

async function evaluate(
  client: RedisClient,
  script: Script<string, string, unknown>,
  keyCount: number,
  rest: readonly Argument[],
): Promise<unknown> {
  try {
    return await send(client, script, keyCount, rest);
  } catch (error) {
    if (!isUnknownScript(error)) throw error;
    return sendText(client, script, keyCount, rest);
  }
}

function send(
  client: RedisClient,
  { binary, sha1 }: Script<string, string, unknown>,
  keyCount: number,
  rest: readonly Argument[],
): Promise<unknown> {
  const evaluator = client as unknown as Evaluator;
  return binary
    ? evaluator.evalshaBuffer(sha1, keyCount, ...rest)
    : evaluator.evalsha(sha1, keyCount, ...rest);
}

function sendText(
  client: RedisClient,
  { binary, lua }: Script<string, string, unknown>,
  keyCount: number,
  rest: readonly Argument[],
): Promise<unknown> {
  const evaluator = client as unknown as Evaluator;
  return binary
    ? evaluator.evalBuffer(lua, keyCount, ...rest)
    : evaluator.eval(lua, keyCount, ...rest);
}

const isUnknownScript = (error: unknown): boolean =>
  error instanceof Error && error.message.startsWith('NOSCRIPT');

function areInOneSlot([first, ...others]: readonly string[]): boolean {
  const slot = calculateSlot(first!);
  return others.every((key) => calculateSlot(key) === slot);
}
