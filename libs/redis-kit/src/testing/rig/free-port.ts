import { createServer } from 'node:net';
import { RigError } from './rig.errors.js';

// Below the ephemeral ranges of Linux (32768+) and macOS (49152+): an outgoing connection of any process can then
// not take the port of a server that is down only for the length of a restart.
const LOWEST_PORT = 20_000;
const HIGHEST_PORT = 32_000;
const ATTEMPTS = 200;

// Servers start in parallel, and a port that was found free is not bound yet while its server is being spawned.
const reserved = new Set<number>();

/**
 * A TCP port of 127.0.0.1 nobody listens on, not handed out again by this process until `releasePort`.
 * Another process may still take it first: whoever binds it has to be ready to ask again.
 */
export async function reservePort(): Promise<number> {
  for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
    const port = LOWEST_PORT + Math.floor(Math.random() * (HIGHEST_PORT - LOWEST_PORT));
    if (reserved.has(port)) continue;
    reserved.add(port);
    if (await isFree(port)) return port;
    reserved.delete(port);
  }
  throw new RigError(
    'NO_FREE_PORT',
    `Found no free port of 127.0.0.1 between ${LOWEST_PORT} and ${HIGHEST_PORT} in ${ATTEMPTS} attempts`,
  );
}

export function releasePort(port: number): void {
  reserved.delete(port);
}

async function isFree(port: number): Promise<boolean> {
  return await new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen({ port, host: '127.0.0.1', exclusive: true }, () => {
      server.close(() => resolve(true));
    });
  });
}
