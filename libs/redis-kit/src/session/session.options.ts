import { toMs, type Duration } from '../core/duration.js';
import {
  Is,
  IsDuration,
  IsFlag,
  IsIntegerBetween,
  IsOneOf,
  IsText,
  Required,
} from '../core/options/constraints.js';
import { Nested } from '../core/options/nested.js';
import { validateOptions } from '../core/options/validate-options.js';
import { ConfigurationError, type ConfigurationIssue } from '../core/redis-kit.error.js';

/** @fastify/session asks for as much; shorter ones can be guessed from a single cookie. */
const SHORTEST_SECRET = 32;

const isSecret = (value: unknown): boolean =>
  typeof value === 'string' && value.length >= SHORTEST_SECRET;

const areStrings = (value: unknown): boolean =>
  Array.isArray(value) && value.every((item) => typeof item === 'string' && item !== '');

/** The cookie that carries the session id. */
export class SessionCookieOptions {
  /**
   * Name; over HTTPS with `__Host-` in front, where `domain` and `path` allow for it.
   * @default 'sid'
   */
  @IsText({ pattern: /^[\w-]{1,64}$/, expected: 'up to 64 letters, digits and _ -' })
  name?: string | undefined;

  /**
   * `auto` marks it `Secure` on requests over HTTPS (Express: `trust proxy`; Fastify: `trustProxy`), so that plain
   * http://localhost works. With `true`, requests over plain HTTP get no session.
   * @default 'auto'
   */
  @IsOneOf(['auto', true, false])
  secure?: 'auto' | boolean | undefined;

  /**
   * Whether other sites' requests carry it. `none` needs `secure: true`.
   * @default 'lax'
   */
  @IsOneOf(['strict', 'lax', 'none'])
  sameSite?: 'strict' | 'lax' | 'none' | undefined;

  /** Hosts that get it; the default is the host that set it, and no other. Without `__Host-` then. */
  @IsText()
  domain?: string | undefined;

  /**
   * Paths that get it. Without `__Host-` where it is not `'/'`.
   * @default '/'
   */
  @IsText({ pattern: /^\/[^;\s]*$/, expected: "a path that begins with '/'" })
  path?: string | undefined;

  /**
   * True: it outlives the browser, until the absolute end of the session. False: it goes with the browser.
   * @default true
   */
  @IsFlag()
  persistent?: boolean | undefined;
}

/** Sessions that plain connect-redis wrote, which go on under a new id from their first request on. */
export class ForeignSessionOptions {
  /**
   * What their keys begin with.
   * @default 'sess:'
   */
  @IsText()
  prefix?: string | undefined;

  /**
   * The user that the data of such a session belongs to, if any, for example `(data) => data.passport?.user`. Without it they
   * go on as sessions of guests, which no list shows and no `revokeAll` ends.
   */
  @Is('a function', (value) => typeof value === 'function')
  userOf?: ((data: Record<string, unknown>) => string | undefined) | undefined;
}

/** Options of `SessionModule.forRoot()`. All but `secret` have defaults. */
export class SessionModuleOptions {
  /**
   * Signs the cookie. Of several, the first signs and all are accepted: put a new one in front, and drop the old one when
   * `absolute` has passed.
   */
  @Required(`a secret of at least ${SHORTEST_SECRET} characters, or a list of them`)
  @Is(
    `a secret of at least ${SHORTEST_SECRET} characters, or a list of them`,
    (value) =>
      isSecret(value) || (Array.isArray(value) && value.length > 0 && value.every(isSecret)),
  )
  secret!: string | readonly string[];

  /**
   * Key that names of users are hashed with, where they show in keys and cookies. Never change it: every session would be
   * lost. With the default, who has a cookie can find out whether it belongs to a user whose id he guesses.
   * @default made of the namespace
   */
  @IsText()
  tagKey?: string | undefined;

  /** The cookie. */
  @Nested(() => SessionCookieOptions)
  cookie?: SessionCookieOptions | undefined;

  /**
   * A session that is not used for this long ends. Counted in steps of `touchEvery`.
   * @default '2h'
   */
  @IsDuration({ min: '1s', max: '400d' })
  idle?: Duration | undefined;

  /**
   * A session ends at this age, however much it is used. Browsers keep no cookie for longer than 400 days.
   * @default '7d'
   */
  @IsDuration({ min: '1s', max: '400d' })
  absolute?: Duration | undefined;

  /**
   * Age at which the id of a session is replaced; false for never.
   * @default false
   */
  @Is('false, or a duration of at least 1s', (value) => value === false || isDuration(value, 1_000))
  renewal?: Duration | false | undefined;

  /**
   * How long an id is good after it was replaced, for requests that are on their way.
   * @default '30s'
   */
  @IsDuration({ min: '1s', max: '10m' })
  renewalGrace?: Duration | undefined;

  /**
   * How often the idle time of a session begins anew, at most, in each process.
   * @default a twentieth of `idle`, at most '60s'
   */
  @IsDuration({ max: '1h' })
  touchEvery?: Duration | undefined;

  /** Sessions a user may have; the default is any number. */
  @IsIntegerBetween(1, 1_000)
  maxPerUser?: number | undefined;

  /**
   * What happens at one more: `evict-oldest` ends the session that was created first, `reject` refuses the login.
   * @default 'evict-oldest'
   */
  @IsOneOf(['evict-oldest', 'reject'])
  onLimit?: 'evict-oldest' | 'reject' | undefined;

  /**
   * When two requests change a session at the same time: `merge` keeps what each changed, by top-level key (of one key
   * that both changed, the later); `reject` fails the later one; `last-write` lets it overwrite everything.
   * @default 'merge'
   */
  @IsOneOf(['merge', 'reject', 'last-write'])
  onConflict?: 'merge' | 'reject' | 'last-write' | undefined;

  /**
   * Most bytes of a session's data as JSON.
   * @default 65_536
   */
  @IsIntegerBetween(256, 16_777_216)
  maxBytes?: number | undefined;

  /**
   * Name of the connection.
   * @default 'default'
   */
  @IsText()
  connection?: string | undefined;

  /**
   * Longest wait for Redis in each step. After it, and while Redis is known to be away, requests end with 503.
   * @default '1s'
   */
  @IsDuration({ min: 1, max: '1m' })
  deadline?: Duration | undefined;

  /**
   * What `Retry-After` says when Redis is away.
   * @default '5s'
   */
  @IsDuration({ min: '1s', max: '1h' })
  retryAfter?: Duration | undefined;

  /**
   * Sessions of plain connect-redis, such as those from before this library; false for none.
   * @default sessions under 'sess:', as those of guests
   */
  @Is(
    'false, or an object with options',
    (value) => value === false || (typeof value === 'object' && value !== null),
  )
  foreign?: ForeignSessionOptions | false | undefined;

  /** Paths without a session, such as '/assets/{*path}'. They cost Redis nothing. Express only. */
  @Is('a list of paths', areStrings)
  exclude?: readonly string[] | undefined;

  /**
   * Provides `SessionService` in every module.
   * @default true
   */
  @IsFlag()
  isGlobal?: boolean | undefined;
}

const isDuration = (value: unknown, min: number): boolean => {
  try {
    return toMs(value as Duration) >= min;
  } catch {
    return false;
  }
};

export interface ResolvedSessionOptions {
  readonly secrets: readonly string[];
  readonly tagKey: string | undefined;
  readonly cookie: {
    readonly name: string;
    readonly secure: 'auto' | boolean;
    readonly sameSite: 'strict' | 'lax' | 'none';
    readonly domain: string | undefined;
    readonly path: string;
    readonly persistent: boolean;
  };
  readonly idleMs: number;
  readonly absoluteMs: number;
  /** 0: never. */
  readonly renewalMs: number;
  readonly renewalGraceMs: number;
  readonly touchEveryMs: number;
  /** 0: any number. */
  readonly maxPerUser: number;
  readonly onLimit: 'evict-oldest' | 'reject';
  readonly onConflict: 'merge' | 'reject' | 'last-write';
  readonly maxBytes: number;
  readonly connection: string | undefined;
  readonly deadlineMs: number;
  readonly retryAfterMs: number;
  readonly foreign:
    | {
        readonly prefix: string;
        readonly userOf: (data: Record<string, unknown>) => string | undefined;
      }
    | undefined;
  readonly exclude: readonly string[];
}

/** Longest pause between two renewals of an idle time, whatever that is. */
const LONGEST_TOUCH_MS = 60_000;

/**
 * Validates options, once, and fills in defaults.
 *
 * @throws ConfigurationError listing every wrong option with its path and accepted range.
 */
export function resolveSessionOptions(
  input: SessionModuleOptions,
  path = 'SessionModule.forRoot()',
): ResolvedSessionOptions {
  const options = validateOptions(SessionModuleOptions, input, path);
  const { cookie = {}, foreign = {} } = options;
  const checked =
    foreign === false
      ? undefined
      : validateOptions(ForeignSessionOptions, foreign, `${path}.foreign`);
  const idleMs = toMs(options.idle ?? '2h');
  const resolved: ResolvedSessionOptions = {
    secrets: [options.secret].flat(),
    tagKey: options.tagKey,
    cookie: {
      name: cookie.name ?? 'sid',
      secure: cookie.secure ?? 'auto',
      sameSite: cookie.sameSite ?? 'lax',
      domain: cookie.domain,
      path: cookie.path ?? '/',
      persistent: cookie.persistent ?? true,
    },
    idleMs,
    absoluteMs: toMs(options.absolute ?? '7d'),
    renewalMs: options.renewal ? toMs(options.renewal) : 0,
    renewalGraceMs: toMs(options.renewalGrace ?? '30s'),
    touchEveryMs: toMs(options.touchEvery ?? Math.min(idleMs / 20, LONGEST_TOUCH_MS)),
    maxPerUser: options.maxPerUser ?? 0,
    onLimit: options.onLimit ?? 'evict-oldest',
    onConflict: options.onConflict ?? 'merge',
    maxBytes: options.maxBytes ?? 65_536,
    connection: options.connection,
    deadlineMs: toMs(options.deadline ?? '1s'),
    retryAfterMs: toMs(options.retryAfter ?? '5s'),
    foreign: checked && {
      prefix: checked.prefix ?? 'sess:',
      userOf: checked.userOf ?? (() => undefined),
    },
    exclude: options.exclude ?? [],
  };
  const issues = issuesOf(resolved, path);
  if (issues.length > 0) throw new ConfigurationError(issues);
  return resolved;
}

/** What is wrong only together. */
function issuesOf(
  { absoluteMs, cookie, idleMs, renewalMs, touchEveryMs }: ResolvedSessionOptions,
  path: string,
): ConfigurationIssue[] {
  const issues: ConfigurationIssue[] = [];
  if (absoluteMs < idleMs) {
    issues.push({
      path: `${path}.absolute`,
      given: `${absoluteMs} ms`,
      expected: `no less than idle (${idleMs} ms)`,
    });
  }
  if (touchEveryMs > idleMs / 2) {
    issues.push({
      path: `${path}.touchEvery`,
      given: `${touchEveryMs} ms`,
      expected: `at most half of idle (${idleMs} ms), or sessions in use would end`,
    });
  }
  if (renewalMs > 0 && renewalMs >= absoluteMs) {
    issues.push({
      path: `${path}.renewal`,
      given: `${renewalMs} ms`,
      expected: `less than absolute (${absoluteMs} ms)`,
    });
  }
  if (cookie.sameSite === 'none' && cookie.secure !== true) {
    issues.push({
      path: `${path}.cookie.sameSite`,
      given: '"none"',
      expected: "'lax' or 'strict', or secure: true beside it: browsers ignore it otherwise",
    });
  }
  return issues;
}
