// @ts-check
// Who may import whom: apps → entries → features → core. `npm run check` runs these rules, and
// test/architecture/dependency-rules.spec.ts shows for each that it catches what it is there for.
const { peerDependenciesMeta = {} } = require('./libs/redis-kit/package.json');

/** The capabilities; each is a folder that knows itself and the core. */
const FEATURES = ['cache', 'lock', 'rate-limit', 'counters', 'events', 'streams', 'monitoring'];

/** The entries beside the main one: each stands at a dependency, or an audience, not everybody has. */
const ENTRIES = ['session', 'health', 'metrics', 'throttler', 'keyv', 'socket-io'];

/**
 * Features that may import another one, as 'from → to': ['cache', 'lock'] lets cache import lock.
 * Empty, because what two features share has so far been passed in by the module that wires them. An edge
 * added here needs its reason beside it.
 * @type {readonly (readonly [from: string, to: string])[]}
 */
const FEATURE_EDGES = [];

/** Optional peers that features load with `import()` when they are installed, and never otherwise. */
const LOADED_WHEN_PRESENT = ['@nestjs/microservices', '@nestjs/websockets', '@opentelemetry/api'];

const OPTIONAL_PEERS = [
  '@nestjs/terminus',
  '@nestjs/throttler',
  'connect-redis',
  'express-session',
  'keyv',
  'prom-client',
  'socket.io',
  ...Object.keys(peerDependenciesMeta),
].filter((name) => !LOADED_WHEN_PRESENT.includes(name));

const LIB = '^libs/redis-kit/src';
const SPEC = '\\.(int-|fault-|e2e-)?spec\\.ts$';

/** @param {readonly string[]} names */
const oneOf = (names) => `(${names.map((name) => name.replace(/[./]/g, '\\$&')).join('|')})`;

/**
 * A package wherever it is resolved to, its typings, and its bare name when it is not installed.
 * @param {readonly string[]} names
 */
const packages = (names) =>
  `(^|node_modules/|node_modules/@types/)${oneOf([...names, ...names.map((name) => name.replace(/^@(.+)\//, '$1__'))])}(/|$)`;

/** @type {import('dependency-cruiser').IForbiddenRuleType[]} */
const rules = [
  {
    name: 'core-knows-no-feature',
    comment:
      'The core is what features are built on: it imports nothing of the library but itself.',
    from: { path: `${LIB}/core/`, pathNot: SPEC },
    to: { path: `${LIB}/`, pathNot: `${LIB}/core/` },
  },
  ...FEATURES.map((feature) => ({
    name: 'features-do-not-meet',
    comment:
      'A feature imports itself and the core; an exception is written into FEATURE_EDGES with its reason.',
    from: { path: `${LIB}/${feature}/`, pathNot: SPEC },
    to: {
      path: `${LIB}/`,
      pathNot: [
        `${LIB}/core/`,
        ...[feature, ...FEATURE_EDGES.filter(([from]) => from === feature).map(([, to]) => to)].map(
          (folder) => `${LIB}/${folder}/`,
        ),
        // Reported by its own rule.
        `${LIB}/testing/`,
      ],
    },
  })),
  ...ENTRIES.map((entry) => ({
    name: 'entries-do-not-meet',
    comment: 'Who imports one entry must not need the optional peers of another.',
    from: { path: `${LIB}/${entry}/`, pathNot: SPEC },
    to: {
      path: `${LIB}/${oneOf(ENTRIES.filter((other) => other !== entry))}/`,
    },
  })),
  {
    name: 'apps-use-the-front-door',
    comment:
      'An application imports nestjs-redis-kit or one of its entries by name, as any user does.',
    from: { path: '^apps/' },
    to: { path: '^libs/', dependencyTypesNot: ['aliased-tsconfig', 'aliased-workspace'] },
  },
  {
    name: 'nothing-imports-testing',
    comment:
      'What helps tests must not end up in production. dev.ts starts an application with a server of its own.',
    from: {
      path: '^(libs|apps)/',
      pathNot: [`${LIB}/testing/`, '^apps/[^/]+/src/dev\\.ts$', SPEC],
    },
    to: { path: `${LIB}/testing/` },
  },
  {
    name: 'http-only-at-the-edge',
    comment:
      'Guards, interceptors, middleware, exceptions and controllers translate HTTP; the rest serves any transport.',
    from: {
      path: `${LIB}/`,
      pathNot: ['\\.(guard|interceptor|middleware|exception|controller)\\.ts$', SPEC],
    },
    to: {
      path: [
        packages(['express', 'express-serve-static-core', 'fastify']),
        '(^|node_modules/)@(fastify|nestjs/platform-[^/]+)(/|$)',
        '^(node:)?(http|https|http2)$',
      ],
    },
  },
  {
    name: 'optional-peers-stay-optional',
    comment:
      'Whoever imports nestjs-redis-kit, or runs its program, must not need a package that only one of its other entries uses.',
    from: { path: [`${LIB}/index\\.ts$`, `${LIB}/cli/redis-kit\\.ts$`] },
    to: { path: packages(OPTIONAL_PEERS), reachable: true },
  },
  {
    name: 'no-cycles',
    comment: 'Files that need each other are one thing, or a third one is missing.',
    from: { path: '^(libs|apps|test)/' },
    to: { circular: true },
  },
  {
    name: 'no-orphans',
    comment: 'A file nobody imports and that imports nothing is left over from something.',
    from: {
      orphan: true,
      path: '^(libs|apps)/[^/]+/src/.+\\.ts$',
      pathNot: [SPEC, '\\.d\\.ts$', '/index\\.ts$', '^apps/[^/]+/src/(main|dev)\\.ts$'],
    },
    to: {},
  },
  {
    name: 'no-unresolvable',
    comment:
      'An import that leads nowhere: a file that moved, a package not installed, or a door that is not there.',
    from: { path: '^(libs|apps|test)/' },
    to: { couldNotResolve: true },
  },
  {
    name: 'no-deprecated',
    comment: 'The maker of this package, or Node.js, advises against it.',
    from: { path: '^(libs|apps|test)/' },
    to: { dependencyTypes: ['deprecated'] },
  },
];

/** @type {import('dependency-cruiser').IConfiguration} */
module.exports = {
  forbidden: rules.map((rule) => ({ ...rule, severity: 'error' })),
  options: {
    // Packages end the graph; following them would judge their own cycles.
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '(^|/)(dist|artifacts|coverage)/' },
    // `import type` counts: it ends up in the published typings.
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    moduleSystems: ['es6', 'cjs'],
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'require', 'node', 'types', 'default'],
      extensions: ['.ts', '.mts', '.js', '.mjs', '.cjs', '.json', '.d.ts'],
    },
  },
};
