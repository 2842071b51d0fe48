import { describe, expect, it } from '@jest/globals';
import { validateOptions } from '../core/options/validate-options.js';
import { MonitoringOptions, resolveMonitoringOptions } from './monitoring.options.js';

const resolve = (options: object) =>
  resolveMonitoringOptions(validateOptions(MonitoringOptions, options, 'forRoot().monitoring'));

describe('options of monitoring', () => {
  it('have defaults', () => {
    expect(resolve({})).toEqual({
      timeoutMs: 1_000,
      windowMs: 300_000,
      reuseHealthForMs: 1_000,
      writeProbe: true,
      telemetry: false,
      thresholds: {
        memory: 0.9,
        clients: 0.9,
        responseTimeMs: 500,
        evictionsPerSecond: 10,
        hitRatio: 0.5,
        leastLookups: 1_000,
        replicationLagMs: 10_000,
      },
    });
  });

  it('can be 0 where that means something', () => {
    const { reuseHealthForMs, thresholds } = resolve({
      reuseHealthFor: 0,
      thresholds: { hitRatio: 0, evictionsPerSecond: 0, memory: 1 },
    });
    expect({ reuseHealthForMs, ...thresholds }).toMatchObject({
      reuseHealthForMs: 0,
      hitRatio: 0,
      evictionsPerSecond: 0,
      memory: 1,
    });
  });

  it.each([
    [{ timeout: 0 }, 'timeout'],
    [{ window: '2h' }, 'window'],
    [{ thresholds: { memory: 90 } }, 'thresholds.memory'],
    [{ thresholds: { hitRatio: '80%' } }, 'thresholds.hitRatio'],
    [{ thresholds: { replicationLag: 10 } }, 'thresholds.replicationLag'],
    [{ thresholds: { memmory: 1 } }, 'thresholds.memmory'],
  ])('refuse %p, with its path', (options, path) => {
    expect(() => resolve(options)).toThrow(`forRoot().monitoring.${path}: got`);
  });
});
