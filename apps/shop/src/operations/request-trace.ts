import { AsyncLocalStorage } from 'node:async_hooks';
import { Injectable } from '@nestjs/common';

/** How the cache served a request: all reads from it, some from the database, or none through it. */
export type CacheOutcome = 'hit' | 'miss' | 'bypass';

export interface TraceSummary {
  readonly outcome: CacheOutcome;
  readonly hits: number;
  readonly reads: number;
  /** Whether a read found Redis away, and the database answered alone. */
  readonly cacheUnavailable: boolean;
  /** Time in which at least one catalogue read was under way; reads at the same time count once. */
  readonly catalogueMs: number;
  /** Time since the request arrived. */
  readonly totalMs: number;
}

type ReadOutcome = 'hit' | 'miss' | 'unavailable';

interface CatalogueRead {
  readonly outcome: ReadOutcome;
  readonly fromMs: number;
  readonly toMs: number;
}

/** What happened during one request, as it was measured. */
export class TraceRecord {
  readonly #startedMs = performance.now();
  readonly #reads: CatalogueRead[] = [];

  /** A read that has just ended. */
  add(outcome: ReadOutcome, durationMs: number): void {
    const toMs = performance.now();
    this.#reads.push({ outcome, fromMs: toMs - durationMs, toMs });
  }

  summary(): TraceSummary {
    const reads = this.#reads.length;
    const hits = this.#reads.filter(({ outcome }) => outcome === 'hit').length;
    const cacheUnavailable = this.#reads.some(({ outcome }) => outcome === 'unavailable');
    return {
      outcome: reads === 0 || cacheUnavailable ? 'bypass' : hits === reads ? 'hit' : 'miss',
      hits,
      reads,
      cacheUnavailable,
      catalogueMs: coveredMs(this.#reads),
      totalMs: performance.now() - this.#startedMs,
    };
  }
}

/** The length of the union of the spans. */
export function coveredMs(spans: readonly { fromMs: number; toMs: number }[]): number {
  let covered = 0;
  let until = Number.NEGATIVE_INFINITY;
  for (const { fromMs, toMs } of [...spans].sort((a, b) => a.fromMs - b.fromMs)) {
    covered += Math.max(0, toMs - Math.max(fromMs, until));
    until = Math.max(until, toMs);
  }
  return covered;
}

/** The record of the request that is being answered, wherever the code is. */
@Injectable()
export class RequestTrace {
  readonly #storage = new AsyncLocalStorage<TraceRecord>();

  run<T>(record: TraceRecord, work: () => T): T {
    return this.#storage.run(record, work);
  }

  /** `undefined` outside a request. */
  get current(): TraceRecord | undefined {
    return this.#storage.getStore();
  }
}

/** `0.42`, `3.1`, `128`: as many digits as mean something. */
export function formatMs(ms: number): string {
  return ms < 1 ? ms.toFixed(2) : ms < 100 ? ms.toFixed(1) : ms.toFixed(0);
}
