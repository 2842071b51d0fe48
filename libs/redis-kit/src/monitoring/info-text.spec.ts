import { describe, expect, it } from '@jest/globals';
import { commandLatencies, latencyEventsIn } from './latency.js';
import { InfoText } from './info-text.js';
import { memoryFacts, memoryTotals, ratioOf, serverFacts, serverTotals } from './server-facts.js';
import { slowCommandsIn } from './slow-log.js';
import { groupRows } from './stream-groups.js';

/** What no server should answer, and proxies, managed services and future versions may. */
const HOSTILE: readonly unknown[] = [
  '',
  null,
  undefined,
  42,
  [],
  {},
  'no colon\r\n: no name\r\n#Comment:1\r\n\r\n',
  'used_memory:\r\nmaxmemory:nan\r\nkeyspace_hits:inf\r\nkeyspace_misses:-nan',
  'used_memory:0x10\r\nmaxmemory:1e999\r\nuptime_in_seconds:99999999999999999999999999',
  '__proto__:1\r\nconstructor:2\r\ntoString:3',
  'db0:\r\ndb1:keys\r\ndb2:keys=,expires=x\r\ndbx:keys=5\r\ndb:keys=5\r\nslave0:\r\nslave1:ip=,lag=-1\r\nslave_x:1',
  `a:${'x'.repeat(100_000)}`,
];

const isSound = (value: unknown): boolean => JSON.stringify(value).match(/NaN|Infinity/) === null;

describe('an INFO', () => {
  it('is read whatever its line ends are', () => {
    for (const end of ['\r\n', '\n']) {
      const info = InfoText.parse(['# Server', 'redis_version:7.0.15', 'a:b:c'].join(end));
      expect(info.text('redis_version')).toBe('7.0.15');
      expect(info.text('a')).toBe('b:c');
    }
  });

  it.each(HOSTILE)('of %p breaks nothing, and makes up no number', (reply) => {
    const info = InfoText.parse(reply);
    const facts = serverFacts(info);
    const memory = memoryFacts(info);
    const node = { node: 'n', role: 'master' } as const;
    for (const made of [
      facts,
      memory,
      serverTotals([{ ...facts, ...node }]),
      memoryTotals([{ ...memory, ...node }]),
    ]) {
      expect(isSound(made)).toBe(true);
      for (const value of Object.values(made)) expect(value).not.toBeNaN();
    }
    expect(commandLatencies(info)).toEqual([]);
    expect(({} as Record<string, unknown>)['keys']).toBeUndefined();
  });

  it('tells a limit of 0 from one: of none, nothing is a share', () => {
    const facts = memoryFacts(InfoText.parse('used_memory:100\r\nmaxmemory:0'));
    expect(facts).toMatchObject({ usedBytes: 100, maxBytes: null, usedShare: null });
    const limited = memoryFacts(InfoText.parse('used_memory:100\r\nmaxmemory:400'));
    expect(limited).toMatchObject({ maxBytes: 400, usedShare: 0.25 });
    const nodes = [facts, limited].map((one) => ({ ...one, node: 'n', role: 'master' as const }));
    expect(memoryTotals(nodes)).toMatchObject({ usedBytes: 200, maxBytes: null, usedShare: null });
  });

  it('tells no keys from keys that it does not tell of', () => {
    expect(serverFacts(InfoText.parse('keyspace_hits:0'))).toMatchObject({ keys: 0 });
    expect(serverFacts(InfoText.parse('used_memory:1'))).toMatchObject({ keys: null });
    const two = 'db0:keys=3,expires=1,avg_ttl=0\r\ndb7:keys=2,expires=2,avg_ttl=5';
    expect(serverFacts(InfoText.parse(two))).toMatchObject({ keys: 5, expiringKeys: 3 });
  });

  it('of Valkey has its own version, not the one it is compatible with', () => {
    const text = 'redis_version:7.2.4\r\nserver_name:valkey\r\nvalkey_version:8.0.1';
    expect(serverFacts(InfoText.parse(text))).toMatchObject({ server: 'valkey', version: '8.0.1' });
  });

  it('of a master has its replicas, and how far each is behind', () => {
    const text =
      'role:master\r\nmaster_repl_offset:1000\r\nslave0:ip=10.0.0.1,port=6379,state=online,offset=900,lag=1\r\n' +
      'slave1:ip=10.0.0.2,port=6379,state=wait_bgsave,offset=0,lag=-1';
    expect(serverFacts(InfoText.parse(text)).replication.replicas).toEqual([
      { address: '10.0.0.1:6379', isOnline: true, lagMs: 1_000, lagBytes: 100 },
      { address: '10.0.0.2:6379', isOnline: false, lagMs: null, lagBytes: 1_000 },
    ]);
  });

  it('counts keys of masters only, and clients of all', () => {
    const facts = serverFacts(InfoText.parse('connected_clients:2\r\ndb0:keys=3,expires=1'));
    const nodes = (['master', 'replica'] as const).map((role) => ({ ...facts, node: role, role }));
    expect(serverTotals(nodes)).toMatchObject({
      masters: 1,
      replicas: 1,
      keys: 3,
      connectedClients: 4,
    });
  });
});

describe('a hit ratio', () => {
  it('is none without look-ups, as on a fresh server', () => {
    expect(ratioOf(0, 0)).toBeNull();
    expect(ratioOf(null, 5)).toBeNull();
    expect(ratioOf(3, 1)).toBe(0.75);
  });
});

describe('a slow log', () => {
  it('is read, with what the server cut off', () => {
    const reply = [
      [
        7,
        1_700_000_000,
        12_345,
        ['MGET', 'a:1', 'a:2', '... (30 more arguments)'],
        '127.0.0.1:1',
        'shop',
      ],
      [6, 1_700_000_000, 1, ['PING'], '', ''],
    ];
    expect(slowCommandsIn(reply)).toEqual([
      {
        id: 7,
        at: new Date('2023-11-14T22:13:20Z'),
        durationMs: 12.345,
        command: 'MGET',
        keys: [expect.stringMatching(/^a:~/), expect.stringMatching(/^a:~/)],
        argumentCount: 32,
        clientName: 'shop',
      },
      expect.objectContaining({ id: 6, command: 'PING', argumentCount: 0, clientName: null }),
    ]);
  });

  it.each([...HOSTILE, [[1]], [['1', 2, 3, []]], [[1, 1e300, 3, ['GET', 'k']]], [[1, NaN, 3, []]]])(
    'of %p is empty',
    (reply) => expect(slowCommandsIn(reply)).toEqual([]),
  );
});

describe('other replies', () => {
  it.each([...HOSTILE, [[1, 2, 3, 4]], [['event', 'x', 1, 2]], [[]]])(
    'of %p are left out',
    (reply) => {
      expect(latencyEventsIn(reply)).toEqual([]);
      expect(groupRows(reply)).toEqual([]);
    },
  );

  it('of latency are read', () => {
    expect(latencyEventsIn([['command', 1_700_000_000, 12, 34]])).toMatchObject([
      { event: 'command', latestMs: 12, maxMs: 34 },
    ]);
    const info = InfoText.parse(
      'latency_percentiles_usec_get:p50=1.003,p99=2.007,p99.9=1000\r\nlatency_percentiles_usec_config|get:p50=5,p99=5000,p99.9=x',
    );
    expect(commandLatencies(info)).toEqual([
      { command: 'config get', p50Ms: 0.005, p99Ms: 5, p999Ms: null },
      { command: 'get', p50Ms: 0.001003, p99Ms: 0.002007, p999Ms: 1 },
    ]);
  });

  it('of a group without a lag say so', () => {
    const row = [
      'name',
      'g',
      'consumers',
      1,
      'pending',
      2,
      'last-delivered-id',
      '5-0',
      'entries-read',
      null,
      'lag',
      null,
    ];
    expect(groupRows([row])).toEqual([
      { group: 'g', consumers: 1, pending: 2, lag: null, lastDeliveredId: '5-0' },
    ]);
  });
});
