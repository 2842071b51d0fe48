// @ts-check
import 'reflect-metadata';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { context, metrics, trace } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import {
  AggregationTemporality,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from '@opentelemetry/sdk-metrics';
import { BasicTracerProvider } from '@opentelemetry/sdk-trace-base';
import { Registry } from 'prom-client';
import { CacheService, RateLimiter, RedisKitModule } from '../../libs/redis-kit/dist/index.js';
import { RedisMetricsModule } from '../../libs/redis-kit/dist/metrics/index.js';
import { startCommandTelemetry } from '../../libs/redis-kit/dist/monitoring/command-telemetry.js';
import { measure } from '../lib/measure.mjs';
import { toCases } from '../lib/report.mjs';
import { libraryVersion } from '../lib/versions.mjs';

/** Never reached: what is measured is the counting. */
const POLICY = /** @type {const} */ ({ name: 'api', limit: 100_000_000, per: '1h' });
const NEVER_MS = 3_600_000;
const CONCURRENCY = 16;

/** What is switched on; `raw` is the suite with nobody listening, which the others are compared with. */
const CONTENDERS = [
  { name: 'raw', hasMetrics: false, telemetry: false, isTraced: false },
  { name: 'metrics', hasMetrics: true, telemetry: false, isTraced: false },
  { name: 'telemetry', hasMetrics: false, telemetry: true, isTraced: false },
  { name: 'telemetry-in-a-trace', hasMetrics: false, telemetry: true, isTraced: true },
];

/** What it costs to be watched: metrics for Prometheus, and OpenTelemetry with its SDK but without an exporter. */
/** @type {import('../lib/run-suites.mjs').Suite} */
export const suite = {
  versions: Object.fromEntries(
    [
      'nestjs-redis-kit',
      'ioredis',
      'prom-client',
      '@opentelemetry/api',
      '@opentelemetry/sdk-metrics',
      '@opentelemetry/sdk-trace-base',
    ].map((name) => [name, libraryVersion(name)]),
  ),
  run: async ({ suite: name, server, settings }) => {
    const endSdk = startSdk();
    const apps = await Promise.all(
      CONTENDERS.map(({ hasMetrics }) => open(server.url, hasMetrics)),
    );
    const telemetry = new Switch();
    /** @param {(app: import('@nestjs/common').INestApplicationContext) => () => Promise<unknown>} workOf */
    const subjectsFor = (workOf) =>
      CONTENDERS.map((contender, at) => {
        const app = apps[at];
        if (!app) throw new Error(`${contender.name} was not opened`);
        const work = workOf(app);
        const traced = contender.isTraced ? inSpan(work) : work;
        return {
          name: contender.name,
          call: async () => {
            if (telemetry.isOn !== contender.telemetry) await telemetry.turn(contender.telemetry);
            await traced();
          },
        };
      });
    try {
      const hits = await measure({
        subjects: subjectsFor((app) => {
          const cache = app.get(CacheService);
          return () => cache.getOrSet('product', () => ({ id: 1 }), { ttl: '1d' });
        }),
        concurrency: CONCURRENCY,
        settings,
      });
      const limits = await measure({
        subjects: subjectsFor((app) => {
          const limiter = app.get(RateLimiter);
          return () => limiter.consume('somebody', [POLICY]);
        }),
        concurrency: CONCURRENCY,
        settings,
      });
      return [
        ...toCases({ suite: name, name: 'cache hit in Redis' }, hits, {}),
        ...toCases({ suite: name, name: 'limited request' }, limits, {}),
      ];
    } finally {
      await telemetry.turn(false);
      await Promise.all(apps.map((app) => app.close()));
      await endSdk();
    }
  },
};

/**
 * @param {string} url
 * @param {boolean} hasMetrics
 */
function open(url, hasMetrics) {
  class BenchModule {}
  Module({
    imports: [
      RedisKitModule.forRoot({ url, namespace: 'bench:watched', connect: 'require' }),
      ...(hasMetrics
        ? [RedisMetricsModule.forRoot({ registry: new Registry(), path: false })]
        : []),
    ],
  })(BenchModule);
  return NestFactory.createApplicationContext(BenchModule, { logger: ['warn', 'error'] });
}

/** Telemetry is one for the process, so it is switched when the turn comes to who wants it, and to who does not. */
class Switch {
  isOn = false;
  /** @type {Promise<() => void> | undefined} */
  #started;

  /** @param {boolean} isOn */
  async turn(isOn) {
    this.isOn = isOn;
    if (isOn) await (this.#started ??= startCommandTelemetry());
    else {
      const started = this.#started;
      this.#started = undefined;
      (await started)?.();
    }
  }
}

/**
 * @param {() => Promise<unknown>} work
 * @returns {() => Promise<unknown>}
 */
function inSpan(work) {
  const tracer = trace.getTracer('bench');
  return () =>
    tracer.startActiveSpan('request', async (span) => {
      try {
        return await work();
      } finally {
        span.end();
      }
    });
}

/** The SDK as applications have it; nothing leaves the process. */
function startSdk() {
  const exporter = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE);
  const reader = new PeriodicExportingMetricReader({ exporter, exportIntervalMillis: NEVER_MS });
  const meters = new MeterProvider({ readers: [reader] });
  const tracers = new BasicTracerProvider();
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  trace.setGlobalTracerProvider(tracers);
  metrics.setGlobalMeterProvider(meters);
  return async () => {
    await Promise.all([meters.shutdown(), tracers.shutdown()]);
    trace.disable();
    metrics.disable();
    context.disable();
  };
}
