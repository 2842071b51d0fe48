import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { ReplyError } from 'ioredis';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { RedisClient } from '../connections/connection-url.js';
import { CrossSlotError } from '../redis-kit.error.js';
import { defineBinaryScript, defineScript } from './define-script.js';
import { runScript } from './script-runner.js';

const LUA = "return redis.call('GET', KEYS[1])\n";
const SHA1 = createHash('sha1').update(LUA).digest('hex');

let folder: string;
let source: URL;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'redis-kit-script-'));
  source = pathToFileURL(join(folder, 'sum.lua'));
  writeFileSync(source, LUA);
});

afterAll(() => {
  rmSync(folder, { recursive: true });
});

const replyError = (message: string): Error =>
  new (ReplyError as unknown as new (message: string) => Error)(message);

const NOSCRIPT = replyError('NOSCRIPT No matching script. Please use EVAL.');
const LOST = new Error('Connection is closed.');

/** The driver's end of a script: answers each call with the next of the given outcomes. */
function driver(outcomes: readonly unknown[], status = 'ready') {
  const calls: unknown[][] = [];
  const answer =
    (command: string) =>
    async (...args: unknown[]): Promise<unknown> => {
      const outcome = outcomes[calls.length];
      calls.push([command, ...args]);
      if (outcome instanceof Error) throw outcome;
      return outcome;
    };
  const client = {
    status,
    evalsha: answer('evalsha'),
    evalshaBuffer: answer('evalshaBuffer'),
    eval: answer('eval'),
    evalBuffer: answer('evalBuffer'),
  } as unknown as RedisClient;
  return { client, calls };
}

const declare = (idempotent = false) =>
  defineScript({
    name: 'stock.sum',
    source,
    keys: ['stock', 'log'],
    args: ['amount', 'id'],
    reply: (raw) => `reply ${String(raw)}`,
    idempotent,
  });

const KEYS = { log: 'a:{1}:log', stock: 'a:{1}' };
const ARGS = { id: Buffer.from([255]), amount: 7 };
const SENT = [2, 'a:{1}', 'a:{1}:log', 7, Buffer.from([255])];

describe('a declared script', () => {
  it('is the text of its file and the digest the server knows it by', () => {
    expect(declare()).toMatchObject({
      name: 'stock.sum',
      lua: readFileSync(source, 'utf8'),
      sha1: SHA1,
      idempotent: false,
      binary: false,
    });
  });

  it('without its file fails where it is declared', () => {
    const declareWithout = () =>
      defineScript({ ...declare(), source: new URL('none.lua', source), reply: () => null });
    expect(declareWithout).toThrow('none.lua');
  });
});

describe('running a script', () => {
  it('sends the digest with keys and arguments in the declared order, and parses the reply', async () => {
    const { client, calls } = driver([5]);
    expect(await runScript(client, declare(), KEYS, ARGS)).toBe('reply 5');
    expect(calls).toEqual([['evalsha', SHA1, ...SENT]]);
  });

  it('asks for Buffers when the script is binary', async () => {
    const script = defineBinaryScript({
      name: 'stock.bytes',
      source,
      keys: ['stock'],
      args: [],
      reply: (raw) => raw,
    });
    const bytes = Buffer.from([128, 255]);
    const { client, calls } = driver([NOSCRIPT, bytes]);
    expect(await runScript(client, script, { stock: 'a' }, {})).toBe(bytes);
    expect(calls).toEqual([
      ['evalshaBuffer', SHA1, 1, 'a'],
      ['evalBuffer', LUA, 1, 'a'],
    ]);
  });

  it('may need neither keys nor arguments', async () => {
    const script = defineScript({ name: 'x', source, keys: [], args: [], reply: (raw) => raw });
    const { client, calls } = driver([null]);
    expect(await runScript(client, script, {}, {})).toBeNull();
    expect(calls).toEqual([['evalsha', SHA1, 0]]);
  });
});

describe('a server that does not know the script', () => {
  it.each([false, true])('gets its text, once (idempotent: %p)', async (idempotent) => {
    const { client, calls } = driver([NOSCRIPT, 5]);
    expect(await runScript(client, declare(idempotent), KEYS, ARGS)).toBe('reply 5');
    expect(calls).toEqual([
      ['evalsha', SHA1, ...SENT],
      ['eval', LUA, ...SENT],
    ]);
  });

  it('is not asked for ever', async () => {
    const { client, calls } = driver([NOSCRIPT, NOSCRIPT, NOSCRIPT]);
    await expect(runScript(client, declare(true), KEYS, ARGS)).rejects.toBe(NOSCRIPT);
    expect(calls).toHaveLength(2);
  });
});

describe('a lost reply', () => {
  it('of a script that may run twice is asked for again, once', async () => {
    const { client, calls } = driver([LOST, 5]);
    expect(await runScript(client, declare(true), KEYS, ARGS)).toBe('reply 5');
    expect(calls).toHaveLength(2);

    const gone = driver([LOST, LOST, 5]);
    await expect(runScript(gone.client, declare(true), KEYS, ARGS)).rejects.toBe(LOST);
    expect(gone.calls).toHaveLength(2);
  });

  it('may be that of the text, on a server that knows the script next time or does not', async () => {
    const { client, calls } = driver([NOSCRIPT, LOST, NOSCRIPT, 5]);
    expect(await runScript(client, declare(true), KEYS, ARGS)).toBe('reply 5');
    expect(calls.map(([command]) => command)).toEqual(['evalsha', 'eval', 'evalsha', 'eval']);
  });

  it('of any other script is an error: it may have run', async () => {
    const { client, calls } = driver([LOST, 5]);
    await expect(runScript(client, declare(), KEYS, ARGS)).rejects.toBe(LOST);
    expect(calls).toHaveLength(1);
  });

  it('is an error when the client was closed', async () => {
    const { client, calls } = driver([LOST, 5], 'end');
    await expect(runScript(client, declare(true), KEYS, ARGS)).rejects.toBe(LOST);
    expect(calls).toHaveLength(1);
  });
});

describe('an answer that says no', () => {
  it.each(['WRONGTYPE wrong kind', 'OOM no memory', 'ERR in script: NOSCRIPT', 'NOPERM no'])(
    'is an error at once, for idempotent scripts too: %s',
    async (message) => {
      const error = replyError(message);
      const { client, calls } = driver([error, 5]);
      await expect(runScript(client, declare(true), KEYS, ARGS)).rejects.toBe(error);
      expect(calls).toHaveLength(1);
    },
  );

  it('may be one only the declaration sees, and the script does not run again for it', async () => {
    const script = defineScript({
      ...declare(true),
      source,
      reply: () => {
        throw new RangeError('not a stock level');
      },
    });
    const { client, calls } = driver([5, 5]);
    await expect(runScript(client, script, KEYS, ARGS)).rejects.toThrow('not a stock level');
    expect(calls).toHaveLength(1);
  });
});

describe('keys of different slots', () => {
  it('are refused before anything is sent, on every topology', async () => {
    const { client, calls } = driver([5]);
    const outcome = runScript(client, declare(), { stock: 'a:{1}', log: 'a:{2}' }, ARGS);
    await expect(outcome).rejects.toBeInstanceOf(CrossSlotError);
    await expect(outcome).rejects.toMatchObject({
      code: 'CROSS_SLOT',
      script: 'stock.sum',
      keys: ['a:{1}', 'a:{2}'],
    });
    await expect(outcome).rejects.toThrow('Give keys used together the same {hash tag}.');
    expect(calls).toEqual([]);
  });
});
