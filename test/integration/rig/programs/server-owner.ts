import { RedisServer } from 'nestjs-redis-kit/testing';

// Starts servers, tells about them, and ends in the way it is told to, without stopping them.
const [ending, ...flags] = process.argv.slice(2);
const servers = await Promise.all([RedisServer.start(), RedisServer.start()]);
if (flags.includes('paused')) for (const server of servers) server.pause();
const told = servers.map(({ pid, directory }) => ({ pid, directory }));
process.stdout.write(`${JSON.stringify(told)}\n`);

switch (ending) {
  case 'exit':
    process.exit(0);
    break;
  case 'throw':
    setImmediate(() => {
      throw new Error('uncaught');
    });
    break;
  case 'reject':
    void Promise.reject(new Error('unhandled'));
    break;
  case 'return':
    break;
  default:
    setInterval(() => undefined, 60_000);
}
