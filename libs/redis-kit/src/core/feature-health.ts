import { withDeadline } from './failsafe/deadline.js';
import { safeMessage } from './redact.js';

/** Why something is not as it should be. */
export interface HealthReason {
  /** `unhealthy`: it cannot serve; `degraded`: it serves, and somebody should look. */
  readonly severity: 'degraded' | 'unhealthy';
  /** Stable, for programs: `memory-high`. */
  readonly code: string;
  /** For people: what was found, and what was expected. */
  readonly message: string;
  /** The server it is about, if it is about one. */
  readonly node?: string;
}

/** How a feature does on one connection. */
export interface FeatureHealth {
  /** What there is to know, for whoever reads the result of the check. */
  readonly facts: unknown;
  readonly reasons: readonly HealthReason[];
}

/** Asks a feature how it does on the connection of this name; undefined: it does not use it. */
export type FeatureHealthCheck = (
  connection: string,
) => FeatureHealth | undefined | Promise<FeatureHealth | undefined>;

/** Where features say how they do, without knowing who asks. */
export class FeatureHealthChecks {
  readonly #checks = new Map<string, FeatureHealthCheck>();

  /** Asks `check` in every health check from now on; the facts appear under `feature`. */
  register(feature: string, check: FeatureHealthCheck): void {
    this.#checks.set(feature, check);
  }

  /** What all features say. One that throws, or does not answer in time, is degraded: it cannot tell how it does. */
  async ask(connection: string, timeoutMs: number): Promise<ReadonlyMap<string, FeatureHealth>> {
    const answers = await Promise.all(
      [...this.#checks].map(async ([feature, check]) => {
        try {
          const asked = (async () => check(connection))();
          return [feature, await withDeadline(`health of ${feature}`, timeoutMs, asked)] as const;
        } catch (error) {
          return [feature, { facts: null, reasons: [cannotTell(feature, error)] }] as const;
        }
      }),
    );
    return new Map(answers.filter((answer): answer is [string, FeatureHealth] => !!answer[1]));
  }
}

const cannotTell = (feature: string, error: unknown): HealthReason => ({
  severity: 'degraded',
  code: 'feature-silent',
  message: `${feature} does not say how it does: ${safeMessage(error)}`,
});
