const shared = {
  rootDir: import.meta.dirname,
  testEnvironment: 'node',
  extensionsToTreatAsEsm: ['.ts'],
  modulePathIgnorePatterns: ['<rootDir>/.*/dist/', '<rootDir>/artifacts/', '<rootDir>/bench/'],
  moduleNameMapper: {
    // Tests run against the sources; a built package is tried by test/e2e/packed.e2e-spec.ts.
    '^nestjs-redis-kit$': '<rootDir>/libs/redis-kit/src/index.ts',
    '^nestjs-redis-kit/(.+)$': '<rootDir>/libs/redis-kit/src/$1/index.ts',
    '^(\\.{1,2}/.*)\\.js$': '$1',
  },
  transform: {
    '^.+\\.ts$': [
      '@swc/jest',
      {
        jsc: {
          parser: { syntax: 'typescript', decorators: true },
          transform: {
            legacyDecorator: true,
            decoratorMetadata: true,
            useDefineForClassFields: true,
          },
          target: 'es2022',
          keepClassNames: true,
        },
        module: { type: 'es6' },
        sourceMaps: 'inline',
      },
    ],
  },
};

const project = (name, testMatch) => ({ ...shared, displayName: name, testMatch });

export default {
  maxWorkers: 2,
  testSequencer: '<rootDir>/scripts/jest-sequencer.mjs',
  // Servers and child processes are started by the specs; a leak must fail the run, not hang it.
  testTimeout: 60_000,
  projects: [
    project('unit', [
      '<rootDir>/libs/*/src/**/*.spec.ts',
      '<rootDir>/apps/*/src/**/*.spec.ts',
      '<rootDir>/test/architecture/**/*.spec.ts',
      '<rootDir>/scripts/**/*.spec.mjs',
    ]),
    project('redis', [
      '<rootDir>/test/integration/**/*.int-spec.ts',
      '<rootDir>/test/faults/**/*.fault-spec.ts',
      '<rootDir>/test/cluster/**/*.int-spec.ts',
      '<rootDir>/test/compatibility/**/*.spec.ts',
    ]),
    project('e2e', ['<rootDir>/test/e2e/**/*.e2e-spec.ts']),
  ],
};
