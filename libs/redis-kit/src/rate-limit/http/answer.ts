import type { ExecutionContext } from '@nestjs/common';
import { errorOf } from './denial.js';
import { PROBLEM_JSON } from './rate-limit.exception.js';
import { rateLimitHeaders, type RateLimitHeaderStyle } from './rate-limit-headers.js';
import type { Verdict } from './request-limits.js';

interface Reply {
  readonly headersSent?: boolean;
  readonly raw?: { readonly headersSent?: boolean };
  setHeader?(name: string, value: string): unknown;
  header?(name: string, value: string): unknown;
}

/** Tells a caller where it stands, in headers where there are some, and denies the call if it is to be denied. */
export async function answer(
  verdict: Verdict | undefined,
  style: RateLimitHeaderStyle,
): Promise<void> {
  if (!verdict) return;
  const { call, standings, denial } = verdict;
  const { context } = call;
  const headers = new Map(rateLimitHeaders(standings, style));
  if (denial && context.getType() === 'http') headers.set('Content-Type', PROBLEM_JSON);
  setHeaders(replyOf(context), headers);
  if (denial) throw await errorOf(denial, context);
}

function replyOf(context: ExecutionContext): Reply | undefined {
  switch (context.getType<string>()) {
    case 'http':
      return context.switchToHttp().getResponse<Reply>();
    case 'graphql': {
      const made = context.getArgByIndex<{ res?: Reply; reply?: Reply } | undefined>(2);
      return made?.res ?? made?.reply;
    }
    default:
      return undefined;
  }
}

/** Headers are a courtesy: a response that is not there, or already sent, is no reason to fail. */
function setHeaders(reply: Reply | undefined, headers: ReadonlyMap<string, string>): void {
  if (!reply || (reply.raw ?? reply).headersSent) return;
  try {
    for (const [name, value] of headers) {
      if (typeof reply.setHeader === 'function') reply.setHeader(name, value);
      else reply.header?.(name, value);
    }
  } catch {
    // Sent meanwhile, or not a response at all.
  }
}
