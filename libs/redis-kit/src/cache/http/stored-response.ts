import { toMs } from '../../core/duration.js';
import { forbidsStoring, freshnessMs, parseCacheControl } from './cache-control.js';
import { etagOf } from './etag.js';
import type { HttpCacheOptions } from './http-cache.options.js';
import { headerOf, type HttpCacheRequest } from './http-request.js';
import { parseVary } from './vary.js';

/** A response as it is kept. The body is JSON text or plain text, never an object that lost its class. */
export interface StoredResponse {
  readonly status: number;
  readonly kind: 'json' | 'text' | 'none';
  readonly text: string;
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly etag: string | undefined;
  /** True when the handler threw it as an exception. */
  readonly thrown: boolean;
  readonly madeAt: number;
  readonly ttlMs: number;
}

/** What a handler answered, before it is known whether that can be kept. */
export interface Answer {
  readonly status: number;
  readonly body: unknown;
  readonly thrown: boolean;
  readonly header: (name: string) => string | undefined;
  /** The `Vary` that was there before the handler ran: middleware adds it to every response, kept or not. */
  readonly earlierVary: ReadonlySet<string>;
}

/** Why a response is not kept, with advice where the application can change it. */
export interface Declined {
  readonly stored?: undefined;
  readonly reason: string;
  readonly advice?: string;
}

export type Verdict = { readonly stored: StoredResponse } | Declined;

const KEPT_HEADERS = [
  'content-type',
  'content-language',
  'content-disposition',
  'last-modified',
  'link',
  'etag',
  'cache-control',
  'vary',
];

/** Decides whether an answer can be kept for others (RFC 9111 §3), and makes what is kept. */
export function judge(
  answer: Answer,
  request: HttpCacheRequest,
  options: HttpCacheOptions,
  cacheTtlMs: number,
): Verdict {
  const { status, header } = answer;
  const isListed = status === 200 || options.statuses?.[status] !== undefined;
  if (!isListed) return { reason: 'status' };
  if (header('set-cookie') !== undefined) return { reason: 'set-cookie' };
  const directives = parseCacheControl(header('cache-control'));
  if (forbidsStoring(directives)) return { reason: 'cache-control' };

  const configured = options.statuses?.[status] ?? options.ttl;
  const ttlMs = Math.min(
    configured === undefined ? cacheTtlMs : toMs(configured),
    freshnessMs(directives) ?? Infinity,
  );
  if (ttlMs <= 0) return { reason: 'cache-control' };

  const unlisted = unlistedVary(answer, request, options);
  if (unlisted.length > 0) {
    return {
      reason: 'vary',
      advice: `answers with Vary: ${unlisted.join(', ')}, but varyBy.headers does not list it`,
    };
  }
  const body = bodyOf(answer.body);
  if (!body) {
    return {
      reason: 'body',
      ...(!isStreaming(answer.body) && {
        advice:
          'returned more than plain data (text, numbers, lists, plain objects, dates), and keeping it would skip its ' +
          'serialization. Bind HttpCacheInterceptor outside ClassSerializerInterceptor, or return plain objects',
      }),
    };
  }
  const names = new Set([...KEPT_HEADERS, ...(options.headers ?? [])]);
  const headers = [...names].flatMap((name) => {
    const value = name === 'vary' ? addedVary(answer).join(', ') || undefined : header(name);
    return value === undefined ? [] : [[name.toLowerCase(), value] as const];
  });
  const etag =
    header('etag') ??
    (options.etag === false || answer.thrown
      ? undefined
      : etagOf([header('content-type') ?? '', body.kind, body.text], options.etag ?? 'strong'));
  const { thrown } = answer;
  return { stored: { status, ...body, headers, etag, thrown, madeAt: Date.now(), ttlMs } };
}

const addedVary = ({ header, earlierVary }: Answer): string[] =>
  [...parseVary(header('vary'))].filter((name) => !earlierVary.has(name));

function unlistedVary(
  answer: Answer,
  request: HttpCacheRequest,
  options: HttpCacheOptions,
): string[] {
  const listed = new Set(options.varyBy?.headers?.map((name) => name.toLowerCase()));
  return addedVary(answer).filter((name) => {
    if (name === '*') return true;
    // Requests with credentials never meet this response, unless it is shared.
    const isCredential = name === 'authorization' || name === 'cookie';
    if (isCredential && !options.shared && headerOf(request, name) === undefined) return false;
    return !listed.has(name);
  });
}

function bodyOf(body: unknown): { kind: StoredResponse['kind']; text: string } | undefined {
  if (body === undefined) return { kind: 'none', text: '' };
  if (typeof body === 'string') return { kind: 'text', text: body };
  try {
    return isPlain(body, new Set()) ? { kind: 'json', text: JSON.stringify(body) } : undefined;
  } catch {
    // Circular, or a toJSON that threw: Nest answers with the error it makes of it.
    return undefined;
  }
}

/** True for what JSON can say, and dates. Class instances may hold what their serializer leaves out. */
function isPlain(value: unknown, seen: Set<unknown>): boolean {
  if (value === null || value === undefined) return true;
  if (typeof value !== 'object') return ['string', 'number', 'boolean'].includes(typeof value);
  if (seen.has(value) || Object.prototype.toString.call(value) === '[object Date]') return true;
  seen.add(value);
  if (Array.isArray(value)) return value.every((item) => isPlain(item, seen));
  const prototype = Object.getPrototypeOf(value) as object | null;
  const isInstance = prototype !== null && Object.getPrototypeOf(prototype) !== null;
  return !isInstance && Object.values(value).every((item) => isPlain(item, seen));
}

/** Files, streams and bytes: what is read once, or is not text. */
function isStreaming(body: unknown): boolean {
  if (typeof body !== 'object' || body === null) return false;
  const { pipe, getStream, getReader } = body as Record<string, unknown>;
  return (
    [pipe, getStream, getReader].some((method) => typeof method === 'function') ||
    Symbol.asyncIterator in body ||
    ArrayBuffer.isView(body)
  );
}
