import { Controller, Get, Res, type Type } from '@nestjs/common';
import { RedisMetrics } from './redis-metrics.js';

/** What responses of Express and Fastify have in common. */
interface ResponseWithHeaders {
  header(name: string, value: string): unknown;
}

/** A controller that answers `GET <path>` with all metrics of the registry. */
export function metricsController(path: string): Type {
  @Controller()
  class RedisMetricsController {
    constructor(private readonly metrics: RedisMetrics) {}

    @Get(path)
    async all(@Res({ passthrough: true }) response: ResponseWithHeaders): Promise<string> {
      const text = await this.metrics.text();
      response.header('Content-Type', this.metrics.registry.contentType);
      response.header('Cache-Control', 'no-store');
      return text;
    }
  }
  return RedisMetricsController;
}
