import { Redis, type RedisOptions } from 'ioredis';

export interface ServerAddress {
  host: string;
  port: number;
}

/** `replyMapping` is left out: it would change the type of the client. */
export type RigClientOptions = Omit<RedisOptions, 'replyMapping'>;

const COMMAND_TIMEOUT_MS = 5_000;

/** Options of a client that outlives restarts of its server and ends when it is told to. */
export function rigClientOptions(
  { host, port }: ServerAddress,
  password: string | undefined,
  overrides: RigClientOptions = {},
): RigClientOptions {
  return {
    host,
    port,
    protocol: 2,
    ...(password === undefined ? {} : { password }),
    // Servers of the rig go down on purpose and come back soon: the default back-off of up to 5 s would slow tests.
    retryStrategy: () => 50,
    disableClientInfo: true,
    // ioredis keeps this timer (2 s by default) when the server is down at `disconnect`, and with it the process.
    disconnectTimeout: 50,
    ...overrides,
  };
}

export function createRigClient(options: RigClientOptions): Redis {
  const client = new Redis(options);
  // Outages are the rig's business. Commands still reject; only the "Unhandled error event" noise is dropped.
  client.on('error', () => undefined);
  return client;
}

/** One connection for the length of `task`: never retried, never waiting longer than 5 s for a reply. */
export async function withConnection<T>(
  address: ServerAddress,
  password: string | undefined,
  task: (connection: Redis) => Promise<T>,
): Promise<T> {
  const connection = createRigClient(
    rigClientOptions(address, password, {
      lazyConnect: true,
      retryStrategy: () => null,
      maxRetriesPerRequest: 0,
      enableReadyCheck: false,
      connectTimeout: COMMAND_TIMEOUT_MS,
      commandTimeout: COMMAND_TIMEOUT_MS,
    }),
  );
  try {
    await connection.connect();
    return await task(connection);
  } finally {
    connection.disconnect();
  }
}
