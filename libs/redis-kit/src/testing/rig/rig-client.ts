import { Redis, type Cluster, type RedisOptions } from 'ioredis';

export interface ServerAddress {
  host: string;
  port: number;
}

/** `replyMapping` is left out: it would change the type of the client. */
export type RigClientOptions = Omit<RedisOptions, 'replyMapping'>;

const COMMAND_TIMEOUT_MS = 5_000;

/** For clients that outlive outages of their servers and end when they are told to. */
export const RECONNECTING = {
  protocol: 2,
  // Servers of the rig go down on purpose and come back soon: the default back-off of up to 5 s would slow tests.
  retryStrategy: () => 50,
  disableClientInfo: true,
  // ioredis keeps this timer (2 s by default) when the server is down at `disconnect`, and with it the process.
  disconnectTimeout: 50,
} as const satisfies RigClientOptions;

/** Outages are the rig's business. Commands still reject; only the "Unhandled error event" noise is dropped. */
export function ignoreConnectionErrors<T extends Redis | Cluster>(client: T): T {
  client.on('error', () => undefined);
  return client;
}

export function createRigClient(
  { host, port }: ServerAddress,
  password: string | undefined,
  options: RigClientOptions = {},
): Redis {
  const credentials = password === undefined ? {} : { password };
  return ignoreConnectionErrors(
    new Redis({ ...RECONNECTING, host, port, ...credentials, ...options }),
  );
}

/** One connection for the length of `task`: never retried, never waiting longer than 5 s for a reply. */
export async function withConnection<T>(
  address: ServerAddress,
  password: string | undefined,
  task: (connection: Redis) => Promise<T>,
): Promise<T> {
  const connection = createRigClient(address, password, {
    lazyConnect: true,
    retryStrategy: () => null,
    maxRetriesPerRequest: 0,
    enableReadyCheck: false,
    connectTimeout: COMMAND_TIMEOUT_MS,
    commandTimeout: COMMAND_TIMEOUT_MS,
  });
  try {
    await connection.connect();
    return await task(connection);
  } finally {
    connection.disconnect();
  }
}
