/** What the driver says when it gets no answer: these have no code of their own. */
const silence = /timeout exceeded when trying to connect|query read timeout|connection terminated/i;

/** Of the system (no connection) and of PostgreSQL (08: connection, 53: resources, 57P: shut down or starting). */
const unavailableCode =
  /^(?:ECONNREFUSED|ECONNRESET|ENOTFOUND|EPIPE|ETIMEDOUT|08\w{3}|53\w{3}|57P\w{2})$/;

/** Whether an error means that the database is away or overloaded, rather than that it was asked for nonsense. */
export function isDatabaseUnavailable(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  if ('code' in error && typeof error.code === 'string' && unavailableCode.test(error.code))
    return true;
  if (error instanceof AggregateError && error.errors.some(isDatabaseUnavailable)) return true;
  return silence.test(error.message) || isDatabaseUnavailable(error.cause);
}
