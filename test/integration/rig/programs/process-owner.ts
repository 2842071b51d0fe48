import { runProcesses } from 'nestjs-redis-kit/testing';
import { TYPESCRIPT_ARGS } from '../../../support/typescript.js';

// Starts two processes, pauses one, tells their ids, and goes on until it is killed.
const script = new URL('./scenario.ts', import.meta.url);
const processes = await runProcesses(2, script, { execArgv: TYPESCRIPT_ARGS });
processes.pause(1);
process.stdout.write(`${JSON.stringify([processes.pid(0), processes.pid(1)])}\n`);
setInterval(() => undefined, 60_000);
