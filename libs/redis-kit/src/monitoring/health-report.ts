import type { HealthReason } from '../core/feature-health.js';
import type { Unanswered } from './monitor-reports.js';

/** `RedisMonitor.healthCheck`. */
export interface HealthReport {
  /**
   * `unhealthy`: Redis does not serve this application; `degraded`: it does, and there are reasons to look; `healthy`:
   * there are none.
   */
  readonly status: 'healthy' | 'degraded' | 'unhealthy';
  readonly connection: string;
  readonly topology: 'standalone' | 'sentinel' | 'cluster' | 'memory';
  /** The gravest first. */
  readonly reasons: readonly HealthReason[];
  /** What a `PING` took on the connection the application uses, of the slowest master; null without an answer. */
  readonly responseTimeMs: number | null;
  /** What features say of themselves, such as `caches`. */
  readonly features: Readonly<Record<string, unknown>>;
  /** What could not be looked at, and is therefore not judged. */
  readonly unanswered: readonly Unanswered[];
  readonly checkedAt: Date;
  readonly durationMs: number;
}

export function statusOf(reasons: readonly HealthReason[]): HealthReport['status'] {
  if (reasons.some(({ severity }) => severity === 'unhealthy')) return 'unhealthy';
  return reasons.length > 0 ? 'degraded' : 'healthy';
}

/** The gravest first, otherwise as they were found. */
export const gravestFirst = (reasons: readonly HealthReason[]): HealthReason[] =>
  [...reasons].sort(
    (a, b) => Number(b.severity === 'unhealthy') - Number(a.severity === 'unhealthy'),
  );
