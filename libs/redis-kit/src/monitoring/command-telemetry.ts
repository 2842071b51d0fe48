import { tracingChannel } from 'node:diagnostics_channel';
import { ConfigurationError } from '../core/redis-kit.error.js';

/** The part of `@opentelemetry/api` that is used, so that typings do not need an optional peer. */
interface OpenTelemetry {
  readonly trace: {
    getTracer(name: string): { startSpan(name: string, options: object): Span };
    getActiveSpan(): Span | undefined;
  };
  readonly metrics: {
    getMeter(name: string): {
      createHistogram(
        name: string,
        options: object,
      ): { record(value: number, attributes: object): void };
    };
  };
}

interface Span {
  isRecording(): boolean;
  setAttributes(attributes: object): unknown;
  setStatus(status: { readonly code: number }): unknown;
  end(): void;
}

/** What ioredis publishes of a command. Its `args` are never looked at: they hold keys, and sometimes values. */
interface TracedCommand {
  readonly command: string;
  readonly database: number;
  readonly serverAddress: string;
  readonly serverPort: number | undefined;
  readonly error?: unknown;
}

/** A command under way. */
interface Measured {
  readonly startedAt: number;
  readonly span: Span | undefined;
}

const CHANNEL = 'ioredis:command';
const SCOPE = 'nestjs-redis-kit';
/** `SpanKind.CLIENT` and `SpanStatusCode.ERROR`, which never change. */
const CLIENT = 2;
const ERROR = 2;
/** What the conventions advise for this histogram. */
const SECONDS_BUCKETS = [0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 10];

let applications = 0;
let unsubscribe: (() => void) | undefined;

/**
 * Tells OpenTelemetry of every command of every ioredis client in this process, by the semantic conventions of databases:
 * a histogram of durations, and a span where the caller is part of a recorded trace. Names of commands are told, keys and
 * arguments are not.
 *
 * @returns ends it, for this application.
 * @throws ConfigurationError when `@opentelemetry/api` is not installed.
 */
export async function startCommandTelemetry(): Promise<() => void> {
  const api = await loadApi();
  // The channel is one for the process: two applications must not count each command twice.
  applications += 1;
  unsubscribe ??= subscribe(api);
  let isEnded = false;
  return () => {
    if (isEnded) return;
    isEnded = true;
    applications -= 1;
    if (applications > 0) return;
    unsubscribe?.();
    unsubscribe = undefined;
  };
}

async function loadApi(): Promise<OpenTelemetry> {
  try {
    return (await import('@opentelemetry/api')) as unknown as OpenTelemetry;
  } catch (cause) {
    throw new ConfigurationError(
      'monitoring.telemetry needs @opentelemetry/api: install it beside the SDK, or leave the option out.',
      { cause },
    );
  }
}

function subscribe({ trace, metrics }: OpenTelemetry): () => void {
  const tracer = trace.getTracer(SCOPE);
  const durations = metrics.getMeter(SCOPE).createHistogram('db.client.operation.duration', {
    description: 'Duration of database client operations.',
    unit: 's',
    advice: { explicitBucketBoundaries: SECONDS_BUCKETS },
  });
  const underWay = new WeakMap<object, Measured>();
  const ignore = (): void => undefined;
  const subscribers = {
    start(message: unknown): void {
      const command = message as TracedCommand;
      // Probes and refreshes of the background are part of no trace, and would each begin one.
      const isTraced = trace.getActiveSpan()?.isRecording() === true;
      const span = isTraced
        ? tracer.startSpan(operationOf(command), {
            kind: CLIENT,
            attributes: attributesOf(command),
          })
        : undefined;
      underWay.set(command, { startedAt: performance.now(), span });
    },
    asyncEnd(message: unknown): void {
      const command = message as TracedCommand;
      const measured = underWay.get(command);
      if (!measured) return;
      const failure = 'error' in command ? failureOf(command.error) : {};
      const seconds = (performance.now() - measured.startedAt) / 1_000;
      durations.record(seconds, { ...attributesOf(command), ...failure });
      if ('error' in command) {
        measured.span?.setAttributes(failure);
        measured.span?.setStatus({ code: ERROR });
      }
      measured.span?.end();
    },
    end: ignore,
    asyncStart: ignore,
    error: ignore,
  };
  const channel = tracingChannel(CHANNEL);
  channel.subscribe(subscribers);
  return () => channel.unsubscribe(subscribers);
}

const operationOf = ({ command }: TracedCommand): string => command.toUpperCase();

const attributesOf = (command: TracedCommand): object => ({
  'db.system.name': 'redis',
  'db.operation.name': operationOf(command),
  'db.namespace': String(command.database),
  'server.address': command.serverAddress,
  ...(command.serverPort !== undefined && { 'server.port': command.serverPort }),
});

/** The first word of what a server says is its kind of error; the rest may hold what was sent. */
function failureOf(error: unknown): object {
  const { name = 'Error', message = '' } = (error ?? {}) as Partial<Error>;
  const code = name === 'ReplyError' ? /^[A-Z][A-Z0-9_]*/.exec(message)?.[0] : undefined;
  return { 'error.type': code ?? name, ...(code && { 'db.response.status_code': code }) };
}
