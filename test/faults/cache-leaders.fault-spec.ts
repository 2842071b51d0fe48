import { afterAll, beforeAll, expect, it } from '@jest/globals';
import type { CacheOptions } from 'nestjs-redis-kit';
import { eventually, isolatedNamespace, type ScenarioProcesses } from 'nestjs-redis-kit/testing';
import type { methods } from '../scenarios/cache-callers.js';
import { describeTopologies } from '../support/describe-topologies.js';
import { runScenario } from '../support/run-scenario.js';

const PROCESSES = 4;
const CALLERS = 250;
const ENDLESS_MS = 600_000;

describeTopologies(
  'the processes that make a value',
  (topology) => {
    let processes: ScenarioProcesses<typeof methods>;
    let namespace: string;
    beforeAll(async () => {
      processes = await runScenario<typeof methods>(PROCESSES, 'cache-callers');
    });
    afterAll(() => processes.stop());

    const entryKey = () => `${namespace}:v1:cache:{default:key}`;

    /** What is expected does not depend on how busy the machine is: who waits, waits long enough. */
    async function start(options: CacheOptions): Promise<void> {
      namespace = isolatedNamespace();
      await processes.all('start', namespace, topology.connectionOptions(), {
        tracking: false,
        deadline: '20s',
        leaderWait: '40s',
        ...options,
      });
    }

    const call = (process: number, value: string, factoryMs = 0) =>
      processes.call(process, 'call', 'key', 1, { factoryMs, value });

    /** Waits until the lease of the first process stands in the key. */
    const leaseStands = () =>
      eventually(async () => expect(await topology.admin.exists(entryKey())).toBe(1));

    it(`are ${PROCESSES} with ${CALLERS} callers each, and one runs its factory, once`, async () => {
      await start({ lease: '20s' });
      const reports = await processes.all('call', 'key', CALLERS, {
        factoryMs: 100,
        value: 'value',
      });
      expect(reports.reduce((sum, { runs }) => sum + runs, 0)).toBe(1);
      expect(reports.flatMap(({ values }) => values)).toEqual(
        Array.from({ length: PROCESSES * CALLERS }, () => 'value'),
      );
      await processes.all('stop');
    });

    it('run a factory that fails once, too, and all callers get its error', async () => {
      await start({ lease: '20s' });
      const failing = { factoryMs: 100 };
      const here = await processes.call(0, 'call', 'alone', PROCESSES * CALLERS, failing);
      expect(here.runs).toBe(1);
      expect(here.errors).toEqual(
        Array.from({ length: PROCESSES * CALLERS }, () => 'Error: no data'),
      );
      const reports = await processes.all('call', 'key', CALLERS, failing, { errorTtl: '1m' });
      expect(reports.reduce((sum, { runs }) => sum + runs, 0)).toBe(1);
      const errors = reports.flatMap((report) => report.errors);
      expect(errors).toHaveLength(PROCESSES * CALLERS);
      expect(errors.filter((error) => !error.endsWith('no data'))).toEqual([]);
      await processes.all('stop');
    });

    it('store what took many times their lease to make, and are waited for', async () => {
      await start({ lease: '2s' });
      const slow = call(0, 'slow', 6_000);
      await leaseStands();
      expect(await call(1, 'second')).toMatchObject({ runs: 0, values: ['slow'] });
      expect(await slow).toMatchObject({ runs: 1, values: ['slow'] });
      await processes.all('stop');
    });

    it('store nothing when they stood still for longer than their lease', async () => {
      await start({ lease: '500ms' });
      const late = call(0, 'late', 3_000);
      await leaseStands();
      processes.pause(0);
      // Others take over as soon as it has lapsed.
      expect(await call(1, 'new')).toMatchObject({ runs: 1, values: ['new'] });
      processes.resume(0);
      expect(await late).toMatchObject({ runs: 1, values: ['late'] });
      expect(await call(2, 'newer')).toMatchObject({ runs: 0, values: ['new'] });
      expect(await call(0, 'newer')).toMatchObject({ runs: 0, values: ['new'] });
      await processes.all('stop');
    });

    it('wait for one that died (kill -9) about as long as its lease, and store in its place', async () => {
      await start({ lease: '2s' });
      const dying = call(0, 'never', ENDLESS_MS).catch(() => 'dead');
      await leaseStands();
      await processes.kill(0);
      expect(await dying).toBe('dead');
      // Had they waited for their bound, they would have run their own factories, and stored nothing.
      expect(await call(1, 'second')).toMatchObject({ runs: 1, values: ['second'] });
      expect(await call(2, 'third')).toMatchObject({ runs: 0, values: ['second'] });
    });
  },
  { only: ['standalone', 'cluster'] },
);
