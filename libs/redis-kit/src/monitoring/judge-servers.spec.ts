import { describe, expect, it } from '@jest/globals';
import { InfoText } from './info-text.js';
import { judgeServers, type KnownServer } from './judge-servers.js';
import { resolveMonitoringOptions } from './monitoring.options.js';
import { memoryFacts, serverFacts } from './server-facts.js';

const WELL =
  'role:master\nused_memory:50\nmaxmemory:100\nconnected_clients:5\nmaxclients:100\nloading:0\n' +
  'rdb_last_bgsave_status:ok\naof_enabled:0\naof_last_write_status:ok';
const { thresholds } = resolveMonitoringOptions();

const server = (info: string, counts?: KnownServer['counts'], node = 'a:1'): KnownServer => {
  const text = InfoText.parse(info);
  const { role = 'master', ...facts } = serverFacts(text);
  return { node, role, facts, memory: memoryFacts(text), counts };
};
const counts = (hits: number, misses: number, evicted = 0) => ({
  hits,
  misses,
  evicted,
  windowMs: 10_000,
});
const codes = (...servers: KnownServer[]) =>
  judgeServers(servers, thresholds).map(({ code }) => code);

describe('the judgement of servers', () => {
  it.each([
    ['well', WELL, undefined, []],
    ['fresh', 'role:master\nmaxmemory:0\nused_memory:1', counts(0, 0), []],
    ['silent about everything', '', undefined, []],
    ['at 90 % of its memory', `${WELL}\nused_memory:90`, undefined, []],
    ['above 90 % of its memory', `${WELL}\nused_memory:91`, undefined, ['memory-high']],
    ['without a limit of memory', `${WELL}\nused_memory:99\nmaxmemory:0`, undefined, []],
    ['short of clients', `${WELL}\nconnected_clients:91`, undefined, ['clients-high']],
    ['evicting a little', WELL, counts(0, 0, 100), []],
    ['evicting much', WELL, counts(0, 0, 101), ['evictions']],
    ['seldom hit, of few look-ups', WELL, counts(1, 998), []],
    ['seldom hit', WELL, counts(499, 501), ['hit-ratio-low']],
    ['hit often enough', WELL, counts(500, 500), []],
    ['unable to save', `${WELL}\nrdb_last_bgsave_status:err`, undefined, ['persistence-failed']],
    [
      'unable to append',
      `${WELL}\naof_enabled:1\naof_last_write_status:err`,
      undefined,
      ['persistence-failed'],
    ],
    ['appending to nothing', `${WELL}\naof_last_write_status:err`, undefined, []],
    ['followed', `${WELL}\nslave0:ip=a,port=1,state=online,offset=1,lag=10`, undefined, []],
    [
      'followed late',
      `${WELL}\nslave0:ip=a,port=1,state=online,offset=1,lag=11`,
      undefined,
      ['replication-lag'],
    ],
    [
      'followed by one that copies',
      `${WELL}\nslave0:ip=a,port=1,state=send_bulk,offset=0,lag=0`,
      undefined,
      ['replication-lag'],
    ],
    [
      'cut off from its master',
      'role:slave\nmaster_link_status:down',
      undefined,
      ['replication-lag'],
    ],
    ['loading', `${WELL}\nloading:1`, undefined, ['loading']],
  ])('of one that is %s', (_, info, between, expected) => {
    expect(codes(server(info, between))).toEqual(expected);
  });

  it('is grave only when all masters load', () => {
    const loading = server(`${WELL}\nloading:1`);
    const severities = (...servers: KnownServer[]) =>
      judgeServers(servers, thresholds).map(({ severity }) => severity);
    expect(severities(loading)).toEqual(['unhealthy']);
    expect(severities(loading, server(WELL, undefined, 'b:1'))).toEqual(['degraded']);
  });

  it('adds up the look-ups of masters, and of these alone', () => {
    const good = server(WELL, counts(900, 100));
    const bad = server(WELL, counts(100, 900), 'b:1');
    expect(codes(good, bad)).toEqual([]);
    expect(codes(bad)).toEqual(['hit-ratio-low']);
    expect(codes({ ...bad, role: 'replica' })).toEqual([]);
  });

  it('says what was found, what was expected, and of whom', () => {
    expect(judgeServers([server(`${WELL}\nused_memory:95`)], thresholds)).toEqual([
      {
        severity: 'degraded',
        code: 'memory-high',
        node: 'a:1',
        message: expect.stringMatching(/^a:1 uses 95 % of its maxmemory, more than 90 %/),
      },
    ]);
  });
});
