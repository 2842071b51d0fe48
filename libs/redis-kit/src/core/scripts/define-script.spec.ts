import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { RedisClient } from '../connections/connection-url.js';
import { defineScript } from './define-script.js';
import { runScript } from './script-runner.js';

let folder: string;
const file = (name: string): URL => pathToFileURL(join(folder, name));

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'redis-kit-script-'));
  for (const name of ['one', 'two', 'own']) writeFileSync(file(`${name}.lua`), `-- ${name}\n`);
});

afterAll(() => {
  rmSync(folder, { recursive: true });
});

/** What the driver is asked to send. */
function sent() {
  const calls: unknown[][] = [];
  const evalsha = async (...args: unknown[]) => calls.push(args);
  return { client: { status: 'ready', evalsha } as unknown as RedisClient, calls };
}

describe('a script with lists', () => {
  const renew = () =>
    defineScript({
      name: 'stock.renew',
      source: file('own.lua'),
      keys: ['index', '...stocks'],
      args: ['limit', '...terms'],
      reply: () => undefined,
    });
  const lists = { index: 'i:{1}', stocks: ['a:{1}', 'b:{1}'] };

  it('sends single names first, and then all of a list', async () => {
    const { client, calls } = sent();
    const script = renew();
    await runScript(client, script, lists, { limit: 7, terms: ['x', 1, 'y', 2] });
    expect(calls).toEqual([[script.sha1, 3, 'i:{1}', 'a:{1}', 'b:{1}', 7, 'x', 1, 'y', 2]]);
  });

  it('counts the keys of an empty list, and sends nothing for it', async () => {
    const { client, calls } = sent();
    const script = renew();
    await runScript(client, script, { ...lists, stocks: [] }, { limit: 7, terms: [] });
    expect(calls).toEqual([[script.sha1, 1, 'i:{1}', 7]]);
  });

  it('keeps all keys in one slot, those of the list too', async () => {
    const { client, calls } = sent();
    const apart = { ...lists, stocks: ['a:{1}', 'b:{2}'] };
    await expect(runScript(client, renew(), apart, { limit: 7, terms: [] })).rejects.toMatchObject({
      code: 'CROSS_SLOT',
      keys: ['i:{1}', 'a:{1}', 'b:{2}'],
    });
    expect(calls).toEqual([]);
  });
});

describe('the text of a script', () => {
  const text = (more: object) =>
    defineScript({
      name: 'x',
      source: file('own.lua'),
      keys: [],
      args: [],
      reply: (raw) => raw,
      ...more,
    }).lua;

  it('begins with its flags, then what it shares with others, in order', () => {
    expect(text({})).toBe('-- own\n');
    expect(text({ shared: file('one.lua') })).toBe('-- one\n-- own\n');
    expect(text({ shared: [file('two.lua'), file('one.lua')], flags: ['allow-oom'] })).toBe(
      '#!lua flags=allow-oom\n-- two\n-- one\n-- own\n',
    );
  });
});
