import { describe, expect, it } from '@jest/globals';
import { InfoText } from '../monitoring/info-text.js';
import { memoryFacts, serverFacts } from '../monitoring/server-facts.js';
import { examineConnection, examineServer } from './doctor-findings.js';

const WELL =
  'redis_version:7.2.1\nused_memory:1\nmaxmemory:9\nmaxmemory_policy:noeviction\naof_enabled:1\naof_last_write_status:ok\nrdb_last_bgsave_status:ok';
const SETTINGS = {
  save: '',
  appendfsync: 'everysec',
  timeout: '0',
  'tcp-keepalive': '300',
  'slowlog-log-slower-than': '10000',
};

function levels(info: string, settings: Record<string, string> | null) {
  const text = InfoText.parse(info);
  const { role = 'master', ...facts } = serverFacts(text);
  const findings = examineServer({
    node: 'a:1',
    role,
    facts,
    memory: memoryFacts(text),
    settings: settings === null ? undefined : new Map(Object.entries(settings)),
  });
  return Object.fromEntries(
    findings.filter(({ level }) => level !== 'ok').map(({ check, level }) => [check, level]),
  );
}

describe('the doctor', () => {
  it.each([
    ['a server as it should be', WELL, SETTINGS, {}],
    ['an old one', `${WELL}\nredis_version:6.2.14`, SETTINGS, { version: 'problem' }],
    ['an old Valkey', `${WELL}\nvalkey_version:7.1.0`, SETTINGS, { version: 'problem' }],
    ['one of the oldest that are known to work', `${WELL}\nredis_version:7.0.0`, SETTINGS, {}],
    ['one without a limit', `${WELL}\nmaxmemory:0`, SETTINGS, { maxmemory: 'advice' }],
    [
      'one that evicts',
      `${WELL}\nmaxmemory_policy:allkeys-lru`,
      SETTINGS,
      { 'maxmemory-policy': 'advice' },
    ],
    [
      'one that cannot write',
      `${WELL}\naof_last_write_status:err`,
      SETTINGS,
      { persistence: 'problem' },
    ],
    ['one that keeps nothing', `${WELL}\naof_enabled:0`, SETTINGS, { persistence: 'advice' }],
    [
      'one that closes idle connections',
      WELL,
      { ...SETTINGS, timeout: '60' },
      { timeout: 'advice' },
    ],
    [
      'one that tells nothing',
      '',
      null,
      {
        version: 'unknown',
        maxmemory: 'unknown',
        'maxmemory-policy': 'unknown',
        persistence: 'unknown',
        timeout: 'unknown',
      },
    ],
  ])('looks at %s', (_, info, settings, expected) => {
    expect(levels(info, settings)).toEqual(expected);
  });

  it('minds an open port more on another machine than on this one', () => {
    const at = (host: string) => ({ type: 'standalone', host, port: 6379 }) as const;
    const found = (...call: Parameters<typeof examineConnection>) =>
      examineConnection(...call).map(({ level }) => level);
    expect(found(at('127.0.0.1'), false, 'shop', true)).toEqual(['ok', 'ok']);
    expect(found(at('redis.example.org'), false, 'default', false)).toEqual(['advice', 'problem']);
    expect(found(at('127.evil.org'), false, 'shop', true)).toEqual(['advice', 'ok']);
    expect(found(at('redis.example.org'), true, 'shop', true)).toEqual(['ok', 'ok']);
    expect(found(at('redis.example.org'), true, undefined, true)).toEqual(['ok', 'unknown']);
  });
});
