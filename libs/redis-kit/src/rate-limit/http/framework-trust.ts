interface Adapter {
  getType(): string;
  getInstance(): unknown;
}

interface ExpressApplication {
  get?(setting: string): unknown;
}

/** Whether the framework believes whatever `X-Forwarded-For` a client sends. */
export function trustsEveryProxy(adapter: Adapter | undefined): boolean {
  const instance = adapter?.getInstance();
  if (!adapter || !instance) return false;
  if (adapter.getType() === 'express') {
    return (instance as ExpressApplication).get?.('trust proxy') === true;
  }
  // Fastify keeps its options under a symbol; framework-trust.spec.ts holds it against Fastify.
  const options = Object.getOwnPropertySymbols(instance).find(
    ({ description }) => description === 'fastify.options',
  );
  const made = options && (instance as Record<symbol, { trustProxy?: unknown }>)[options];
  return made?.trustProxy === true;
}
