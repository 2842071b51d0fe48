import { BadRequestException, HttpException, type ValidationError } from '@nestjs/common';
import { STATUS_CODES } from 'node:http';

export interface FieldProblem {
  readonly field: string;
  readonly message: string;
}

/** An error as the API tells it (RFC 9457). */
export interface Problem {
  /** 'about:blank', or the URI of a problem that has one. */
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly detail: string;
  /** The path that was asked for. */
  readonly instance: string;
  readonly errors?: readonly FieldProblem[];
}

/** For the ValidationPipe: one entry for each rule that a field breaks. */
export function validationProblem(found: ValidationError[]): BadRequestException {
  const errors = found.flatMap(({ property, constraints = {} }) =>
    Object.entries(constraints).map(([rule, message]) => ({
      field: property,
      message: rule === 'whitelistValidation' ? `${property} is not known here` : message,
    })),
  );
  // The rules of a number say the same thing twice: once for what it is, once for where it ends.
  const distinct = errors.filter(
    ({ message }, index) => errors.findIndex((other) => other.message === message) === index,
  );
  return new BadRequestException({
    message: distinct.map(({ message }) => message).join('; '),
    errors: distinct,
  });
}

/** What may be told about an error: of one that nobody foresaw, nothing but that it happened. */
export function problemOf(exception: unknown, instance: string): Problem {
  const status = statusOf(exception);
  const title = STATUS_CODES[status] ?? 'Error';
  const base = { type: 'about:blank', title, status, instance } as const;
  if (status >= 500 && !(exception instanceof HttpException)) {
    return {
      ...base,
      detail: 'The shop could not answer this request. It has been noted; please try again.',
    };
  }
  const response = exception instanceof HttpException ? exception.getResponse() : undefined;
  if (isProblem(response)) return { ...response, instance };
  const errors =
    typeof response === 'object' && 'errors' in response
      ? (response.errors as readonly FieldProblem[])
      : undefined;
  return { ...base, detail: messageOf(exception, response) ?? title, ...(errors && { errors }) };
}

/** Some exceptions are made as problems, those of rate limits among them. */
function isProblem(response: string | object | undefined): response is Omit<Problem, 'instance'> {
  return typeof response === 'object' && 'type' in response && 'title' in response;
}

function messageOf(exception: unknown, response: string | object | undefined): string | undefined {
  if (
    typeof response === 'object' &&
    'message' in response &&
    typeof response.message === 'string'
  ) {
    return response.message;
  }
  return exception instanceof Error ? exception.message : undefined;
}

/** Errors of the body parser carry their status the way Express does. */
function statusOf(exception: unknown): number {
  if (exception instanceof HttpException) return exception.getStatus();
  if (exception instanceof Error && 'statusCode' in exception) {
    const { statusCode } = exception;
    if (typeof statusCode === 'number' && statusCode >= 400 && statusCode < 500) return statusCode;
  }
  return 500;
}
