import { Injectable, type NestMiddleware } from '@nestjs/common';
import type { NextFunction, Request, Response } from 'express';
import { formatMs, RequestTrace, TraceRecord, type TraceSummary } from './request-trace.js';

/** Opens a trace for each request and writes what it found into the headers of the answer. */
@Injectable()
export class RequestTraceMiddleware implements NestMiddleware {
  constructor(private readonly trace: RequestTrace) {}

  use(_request: Request, response: Response, next: NextFunction): void {
    const record = new TraceRecord();
    // The last moment at which a header can be set, and so the first at which all is known.
    const writeHead = response.writeHead.bind(response) as (...args: unknown[]) => Response;
    response.writeHead = ((...args: unknown[]) => {
      const summary = record.summary();
      response.setHeader('X-Shop-Cache', summary.outcome);
      response.setHeader('Server-Timing', serverTiming(summary));
      return writeHead(...args);
    }) as Response['writeHead'];
    this.trace.run(record, next);
  }
}

function serverTiming(summary: TraceSummary): string {
  return (
    `cache;desc="${summary.outcome}, ${summary.hits} of ${summary.reads}", ` +
    `catalogue;dur=${formatMs(summary.catalogueMs)}, total;dur=${formatMs(summary.totalMs)}`
  );
}
