import { plainToInstance, Transform } from 'class-transformer';
import {
  IsIn,
  IsInt,
  IsOptional,
  Matches,
  Max,
  Min,
  MinLength,
  validateSync,
} from 'class-validator';
import { fileURLToPath } from 'node:url';

/** A whole number from an environment variable; what is not one stays as it is, for the validator to name. */
const ToInteger = (): PropertyDecorator =>
  Transform(({ value }: { value: unknown }) =>
    typeof value === 'string' && /^\d+$/.test(value) ? Number(value) : value,
  );

const port = {
  message: '$property must be a port number from 0 (any free port) to 65535, got "$value"',
};

/**
 * The settings of the shop, one property for each environment variable; an empty variable counts as not set.
 * `REDIS_URL` is not among them: the library reads and checks it.
 */
export class ShopConfig {
  @IsIn(['development', 'test', 'production'], {
    message: 'NODE_ENV must be development, test or production, got "$value"',
  })
  readonly NODE_ENV: 'development' | 'test' | 'production' = 'development';

  @ToInteger()
  @IsInt(port)
  @Min(0, port)
  @Max(65535, port)
  readonly PORT: number = 3000;

  /** A PostgreSQL server; without it the shop opens an embedded database in `SHOP_DATA_DIR`. */
  @IsOptional()
  @Matches(/^postgres(?:ql)?:\/\/\S+$/, {
    message: 'DATABASE_URL must look like postgres://user:password@host:5432/database',
  })
  readonly DATABASE_URL?: string;

  /** Where the embedded database lives; one process at a time. */
  readonly SHOP_DATA_DIR: string = fileURLToPath(new URL('../.data/pg', import.meta.url));

  /** Serves the embedded database to other shop processes of this machine on this port. */
  @IsOptional()
  @ToInteger()
  @IsInt(port)
  @Min(0, port)
  @Max(65535, port)
  readonly SHOP_PG_SOCKET_PORT?: number;

  /** The bearer token of the admin API. In production there is no default, and without it the admin API is off. */
  @IsOptional()
  @MinLength(12, { message: 'SHOP_ADMIN_TOKEN must have at least 12 characters' })
  readonly SHOP_ADMIN_TOKEN?: string;

  /** Signs the cookies of sessions. The same in all processes; in production there is no default. */
  @IsOptional()
  @MinLength(32, { message: 'SHOP_SESSION_SECRET must have at least 32 characters' })
  readonly SHOP_SESSION_SECRET?: string;

  /** Whether the shop counts as ready without Redis: it can be browsed, from the database, but no faster than that. */
  @IsIn(['not-ready', 'degraded'], {
    message: 'SHOP_WITHOUT_REDIS must be not-ready or degraded, got "$value"',
  })
  readonly SHOP_WITHOUT_REDIS: 'not-ready' | 'degraded' = 'not-ready';

  /** `undefined` when the admin API is off. */
  get adminToken(): string | undefined {
    return (
      this.SHOP_ADMIN_TOKEN ?? (this.NODE_ENV === 'production' ? undefined : developmentAdminToken)
    );
  }

  get sessionSecret(): string {
    return this.SHOP_SESSION_SECRET ?? developmentSessionSecret;
  }
}

const developmentSessionSecret = 'development-only, and known to everybody';

export const developmentAdminToken = 'development-only';

/** The environment cannot be used as it is; the message has a line for each variable that is wrong. */
export class ShopConfigError extends Error {
  override readonly name = 'ShopConfigError';
  readonly code = 'SHOP_CONFIG_INVALID';
}

/** @throws ShopConfigError naming every variable that is wrong, and what it accepts */
export function readShopConfig(environment: NodeJS.ProcessEnv): ShopConfig {
  const given = Object.fromEntries(
    Object.keys(new ShopConfig())
      .map((name) => [name, environment[name]?.trim()] as const)
      .filter(([, value]) => value !== undefined && value !== ''),
  );
  const config = plainToInstance(ShopConfig, given);
  const problems = validateSync(config).flatMap((error) =>
    // One message for each variable: the rules of a port all say the same.
    Object.values(error.constraints ?? {}).slice(0, 1),
  );
  if (config.DATABASE_URL !== undefined && config.SHOP_PG_SOCKET_PORT !== undefined) {
    problems.push(
      'SHOP_PG_SOCKET_PORT serves the embedded database, and DATABASE_URL says not to use it: set one of them',
    );
  }
  if (config.NODE_ENV === 'production' && config.SHOP_SESSION_SECRET === undefined) {
    problems.push(
      'SHOP_SESSION_SECRET must be set in production, to 32 characters or more that nobody knows: it signs the cookies of sessions',
    );
  }
  if (problems.length > 0) {
    throw new ShopConfigError(
      `The shop cannot start:\n${problems.map((p) => `  - ${p}`).join('\n')}`,
    );
  }
  return config;
}
