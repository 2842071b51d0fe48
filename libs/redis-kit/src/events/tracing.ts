/** The part of `@opentelemetry/api` that is used, so that typings do not need an optional peer. */
interface OpenTelemetry {
  readonly ROOT_CONTEXT: unknown;
  readonly context: {
    active(): unknown;
    with<T>(context: unknown, work: () => T): T;
  };
  readonly propagation: {
    inject(context: unknown, carrier: object): void;
    extract(context: unknown, carrier: object): unknown;
  };
}

/** The W3C trace context of events, by OpenTelemetry where the application has it. */
export class Tracing {
  /** With `@opentelemetry/api` if it is installed. */
  static async load(): Promise<Tracing> {
    try {
      return new Tracing((await import('@opentelemetry/api')) as unknown as OpenTelemetry);
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
