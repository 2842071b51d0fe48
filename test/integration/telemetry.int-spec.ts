import { context, metrics, trace } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import {
  AggregationTemporality,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
  type DataPoint,
  type Histogram,
} from '@opentelemetry/sdk-metrics';
import {
  BasicTracerProvider,
  InMemorySpanExporter,
  SimpleSpanProcessor,
} from '@opentelemetry/sdk-trace-base';
import { afterAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { Redis } from 'ioredis';
import { CacheService, getRedisToken } from 'nestjs-redis-kit';
import { eventually, RedisServer } from 'nestjs-redis-kit/testing';
import { startApplication } from '../support/application.js';

const spans = new InMemorySpanExporter();
const measured = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE);
const reader = new PeriodicExportingMetricReader({
  exporter: measured,
  exportIntervalMillis: 3_600_000,
});
context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
trace.setGlobalTracerProvider(
  new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(spans)] }),
);
const meters = new MeterProvider({ readers: [reader] });
metrics.setGlobalMeterProvider(meters);

const inTrace = <T>(work: () => Promise<T>): Promise<T> =>
  trace.getTracer('test').startActiveSpan('request', async (span) => {
    try {
      return await work();
    } finally {
      span.end();
    }
  });

const commands = () => spans.getFinishedSpans().filter(({ name }) => name !== 'request');

async function points(operation: string): Promise<DataPoint<Histogram>[]> {
  measured.reset();
  await reader.forceFlush();
  return measured
    .getMetrics()
    .flatMap(({ scopeMetrics }) => scopeMetrics)
    .flatMap((scope) => scope.metrics)
    .filter(({ descriptor }) => descriptor.name === 'db.client.operation.duration')
    .flatMap(({ dataPoints }) => dataPoints as DataPoint<Histogram>[])
    .filter(({ attributes }) => attributes['db.operation.name'] === operation);
}

describe('telemetry of commands', () => {
  beforeEach(() => spans.reset());
  afterAll(async () => {
    await meters.shutdown();
    trace.disable();
    metrics.disable();
    context.disable();
  });

  it('has a span for each command of a trace, by the conventions, and tells no key and no value', async () => {
    await using server = await RedisServer.start();
    const app = await startApplication({
      url: server.url,
      connect: 'require',
      monitoring: { telemetry: true },
    });
    try {
      const redis = app.get<Redis>(getRedisToken());
      await inTrace(async () => {
        await redis.set('session:of-someone', 'my-secret', 'EX', 10);
        await redis.lpush('session:of-someone', 'my-secret').catch(() => undefined);
        await app.get(CacheService).getOrSet('key-of-someone', () => 1);
      });
      const request = spans.getFinishedSpans().find(({ name }) => name === 'request')!;
      const [set, lpush] = commands();
      expect(set).toMatchObject({
        name: 'SET',
        kind: 2,
        status: { code: 0 },
        attributes: {
          'db.system.name': 'redis',
          'db.operation.name': 'SET',
          'db.namespace': '0',
          'server.address': server.host,
          'server.port': server.port,
        },
      });
      expect(set!.parentSpanContext?.spanId).toBe(request.spanContext().spanId);
      expect(lpush).toMatchObject({
        name: 'LPUSH',
        status: { code: 2 },
        attributes: { 'error.type': 'WRONGTYPE', 'db.response.status_code': 'WRONGTYPE' },
      });
      expect(commands().length).toBeGreaterThan(3);
      const told = JSON.stringify(
        commands().map(({ name, attributes, status, events }) => [
          name,
          attributes,
          status,
          events,
        ]),
      );
      expect(told).not.toMatch(/someone|secret/);
      const [duration] = await points('LPUSH');
      expect(duration).toMatchObject({
        attributes: { 'db.system.name': 'redis', 'error.type': 'WRONGTYPE' },
        value: {
          count: 1,
          buckets: { boundaries: [0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 10] },
        },
      });
    } finally {
      await app.close();
    }
  });

  it('begins no trace of its own, and is counted once by two applications', async () => {
    await using server = await RedisServer.start();
    const options = {
      url: server.url,
      connect: 'require',
      monitoring: { telemetry: true },
    } as const;
    const [first, second] = [await startApplication(options), await startApplication(options)];
    const redis = first.get<Redis>(getRedisToken());
    await redis.strlen('key');
    expect(commands()).toEqual([]);
    expect(await points('STRLEN')).toMatchObject([{ value: { count: 1 } }]);
    await first.close();
    await inTrace(() => second.get<Redis>(getRedisToken()).getrange('key', 0, 1));
    expect(commands().map(({ name }) => name)).toEqual(['GETRANGE']);
    await second.close();
    spans.reset();
    // With the last application the subscription has gone as well.
    const other = server.connect();
    await eventually(() => other.ping().then((pong) => pong === 'PONG'));
    await inTrace(() => other.append('key', 'x'));
    expect(commands()).toEqual([]);
    expect(await points('APPEND')).toEqual([]);
  });

  it('is off unless it is asked for', async () => {
    await using server = await RedisServer.start();
    const app = await startApplication({ url: server.url, connect: 'require' });
    await inTrace(() => app.get<Redis>(getRedisToken()).setrange('key', 0, 'x'));
    expect(commands()).toEqual([]);
    await app.close();
  });
});
