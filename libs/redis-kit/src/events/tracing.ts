import type { ContextAPI, PropagationAPI } from '@opentelemetry/api';

interface OpenTelemetry {
  readonly context: ContextAPI;
  readonly propagation: PropagationAPI;
  readonly ROOT_CONTEXT: Parameters<PropagationAPI['extract']>[0];
}

/** The W3C trace context of events, by OpenTelemetry where the application has it. */
export class Tracing {
  /** With `@opentelemetry/api` if it is installed. */
  static async load(): Promise<Tracing> {
    try {
      return new Tracing(await import('@opentelemetry/api'));
    } catch {
      return new Tracing(undefined);
    }
  }

  constructor(private readonly api: OpenTelemetry | undefined) {}

  /** `traceparent` of what runs now. */
  current(): string | undefined {
    if (!this.api) return undefined;
    const { context, propagation } = this.api;
    const carrier: { traceparent?: string } = {};
    propagation.inject(context.active(), carrier);
    return carrier.traceparent;
  }

  /** Runs `work` as part of the trace it was caused by. */
  run<T>(traceparent: string | undefined, work: () => T): T {
    if (!this.api || traceparent === undefined) return work();
    const { context, propagation, ROOT_CONTEXT } = this.api;
    return context.with(propagation.extract(ROOT_CONTEXT, { traceparent }), work);
  }
}
