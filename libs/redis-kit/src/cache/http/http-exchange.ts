import type { ExecutionContext } from '@nestjs/common';
import type { HttpAdapterHost } from '@nestjs/core';
import type { HttpCacheRequest } from './http-request.js';

/** One request with its response, on whatever platform serves it. */
export class HttpExchange {
  readonly request: HttpCacheRequest;
  readonly #response: {
    statusCode: number;
    headersSent?: boolean;
    raw?: { headersSent?: boolean };
  };
  readonly #adapter: HttpAdapterHost['httpAdapter'];

  constructor(context: ExecutionContext, { httpAdapter }: HttpAdapterHost) {
    this.request = context.switchToHttp().getRequest();
    this.#response = context.switchToHttp().getResponse();
    this.#adapter = httpAdapter;
  }

  get status(): number {
    return this.#response.statusCode;
  }

  set status(status: number) {
    this.#adapter.status(this.#response, status);
  }

  get isSent(): boolean {
    return (this.#response.raw ?? this.#response).headersSent === true;
  }

  /** A header of the response as it stands, as text. */
  readonly header = (name: string): string | undefined => {
    const value = this.#adapter.getHeader(this.#response, name) as unknown;
    if (value === undefined || value === null) return undefined;
    return Array.isArray(value) ? value.join(', ') : String(value);
  };

  setHeader(name: string, value: string | undefined): void {
    if (value !== undefined) this.#adapter.setHeader(this.#response, name, value);
  }
}
