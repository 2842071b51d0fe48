import { serveScenario } from 'nestjs-redis-kit/testing';

class OutOfTeaError extends Error {
  override readonly name = 'OutOfTeaError';
  readonly code = 'OUT_OF_TEA';
  readonly pots = new Map([['kitchen', 0]]);
  readonly complain = () => undefined;
}

const methods = {
  pid: () => process.pid,
  environment: () => ({ args: process.argv.slice(2), color: process.env['COLOR'] }),
  echo: (value: unknown) => value,
  drinkTea: () => {
    throw new OutOfTeaError('no tea left');
  },
  giveFunction: () => () => undefined,
  crash: async () => {
    process.stderr.write('about to crash\n');
    setImmediate(() => {
      throw new Error('the roof is on fire');
    });
    return await new Promise<never>(() => undefined);
  },
  never: () => new Promise<never>(() => undefined),
};

export type Methods = typeof methods;

if (process.argv.includes('--fail')) throw new Error('failed to set up');
serveScenario(methods);
