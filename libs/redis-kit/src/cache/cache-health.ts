import type { FeatureHealth, HealthReason } from '../core/feature-health.js';
import type { Caches } from './caches.js';

/** How the caches of a connection do; undefined where it has none. None of this keeps them from answering correctly. */
export function cacheHealth(caches: Caches, connection: string): FeatureHealth | undefined {
  const facts = caches.statusOf(connection);
  const reasons: HealthReason[] = [];
  for (const [name, { pendingInvalidations, localMemory }] of Object.entries(facts)) {
    if (pendingInvalidations > 0) {
      reasons.push({
        severity: 'degraded',
        code: 'invalidations-queued',
        message: `Cache '${name}' has ${pendingInvalidations} invalidations that Redis did not take yet; other processes may serve old values`,
      });
    }
    if (localMemory === 'suspended') {
      reasons.push({
        severity: 'degraded',
        code: 'local-memory-suspended',
        message: `Cache '${name}' does not use its local memory: a master gives no sign of life`,
      });
    }
  }
  return Object.keys(facts).length === 0 ? undefined : { facts, reasons };
}
