import { describe, expect, it } from '@jest/globals';
import { expositionText } from './exposition.js';
import { InfoText } from './info-text.js';
import { serverFamilies } from './metric-families.js';

const server = (text: string) => ({
  connection: 'default',
  node: 'a:1',
  info: InfoText.parse(text),
  slowLogLength: 3,
  lastSlow: { id: 7, durationMs: 12 },
});

describe('metrics of servers', () => {
  it('are called as redis_exporter calls them, with the server they are of', () => {
    const text = expositionText(
      serverFamilies([
        server(
          'redis_version:7.0.15\nrole:master\nused_memory:5\ndb0:keys=3,expires=1,avg_ttl=0\nkeyspace_hits:9\n' +
            'cmdstat_get:calls=4,usec=2000000,usec_per_call=1\ncmdstat_config|get:calls=1,usec=1\n' +
            'slave0:ip=10.0.0.1,port=6379,state=online,offset=1,lag=2\nrdb_last_bgsave_status:err',
        ),
      ]),
    );
    const of = 'connection="default",node="a:1"';
    for (const line of [
      `redis_up{${of}} 1`,
      `redis_memory_used_bytes{${of}} 5`,
      `redis_keyspace_hits_total{${of}} 9`,
      `redis_db_keys{${of},db="db0"} 3`,
      `redis_db_keys_expiring{${of},db="db0"} 1`,
      `redis_commands_total{${of},cmd="get"} 4`,
      `redis_commands_total{${of},cmd="config|get"} 1`,
      `redis_commands_duration_seconds_total{${of},cmd="get"} 2`,
      `redis_connected_slave_lag_seconds{${of},slave_ip="10.0.0.1",slave_port="6379",slave_state="online"} 2`,
      `redis_rdb_last_bgsave_status{${of}} 0`,
      `redis_slowlog_last_id{${of}} 7`,
      `redis_last_slow_execution_duration_seconds{${of}} 0.012`,
      '# TYPE redis_keyspace_hits_total counter',
      '# TYPE redis_memory_used_bytes gauge',
    ]) {
      expect(text.split('\n')).toContain(line);
    }
  });

  it('of a server that does not answer are that it is not up', () => {
    const silent = {
      ...server(''),
      info: undefined,
      slowLogLength: undefined,
      lastSlow: undefined,
    };
    expect(expositionText(serverFamilies([silent]))).toBe(
      '# HELP redis_up 1 when the server told how it does, 0 when it did not\n# TYPE redis_up gauge\nredis_up{connection="default",node="a:1"} 0\n',
    );
  });

  it('are well-formed whatever the server says', () => {
    const text = expositionText(
      serverFamilies([
        server(
          'redis_version:7"\\x\ncmdstat_a"b:calls=1\ncmdstat_ok:calls=nan\nused_memory:inf\ndb0:keys=',
        ),
      ]),
    );
    expect(text).toContain('redis_version="7\\"\\\\x"');
    expect(text).not.toMatch(/ (NaN|[+-]?inf)|a"b/i);
  });
});
