import { afterEach, describe, expect, it } from '@jest/globals';
import { eventually, SentinelDeployment } from 'nestjs-redis-kit/testing';
import { describeTopologies } from '../support/describe-topologies.js';
import { EventStream } from '../support/event-stream.js';

const FOUND_WITHIN_MS = 40_000;
const FAILED_OVER_WITHIN_MS = 60_000;

let stream: EventStream | undefined;
afterEach(async () => {
  await stream?.close();
  stream = undefined;
});

describeTopologies('events, when servers fail', (topology) => {
  const start = async () => {
    stream = await EventStream.start({ connections: { default: topology.connectionOptions() } });
    await stream.flow();
    return stream;
  };

  it('go on after every server was killed and lost its data, and the loss is told', async () => {
    const { gaps } = await start();
    await topology.killAll();
    await topology.restartAll();
    await stream!.heardMore(10);
    await stream!.end();
    expect(gaps.length).toBeGreaterThan(0);
    stream!.assertInOrderAndOnce();
  }, 180_000);

  if (topology.name === 'standalone') {
    it('all come although the server hung for a while', async () => {
      const { gaps } = await start();
      topology.pauseAll();
      await eventually(() => expect(stream!.unpublished).toBeGreaterThan(0), { within: 30_000 });
      await topology.resumeAll();
      await stream!.heardMore(10);
      await stream!.end();
      expect(stream!.missing).toBe(0);
      expect(gaps).toEqual([]);
      stream!.assertInOrderAndOnce();
    }, 180_000);
    return;
  }

  it('all come, or their loss is told: a planned failover', async () => {
    const { gaps } = await start();
    await topology.failover!();
    await stream!.heardMore(10);
    await stream!.end();
    if (gaps.length === 0) expect(stream!.missing).toBe(0);
    stream!.assertInOrderAndOnce();
  }, 180_000);

  it('all come, or their loss is told: a master that hangs and is replaced', async () => {
    const { gaps } = await start();
    const [master] = await topology.masters();
    master!.pause();
    await eventually(async () => !(await topology.masters()).includes(master!), {
      within: FAILED_OVER_WITHIN_MS,
    });
    await stream!.heardMore(10);
    await eventually(() => stream!.isListening, { within: FOUND_WITHIN_MS });
    await topology.resumeAll();
    await stream!.heardMore(10);
    await stream!.end();
    if (gaps.length === 0) expect(stream!.missing).toBe(0);
    stream!.assertInOrderAndOnce();
  }, 240_000);

  if (topology.name !== 'cluster') return;

  it('all come, while slots of their channels move to other masters', async () => {
    const { gaps } = await start();
    for (const partition of [0, 1, 2, 3]) {
      await topology.migrate!(`{p${partition}}`);
      await stream!.heardMore(5);
    }
    await eventually(() => stream!.isListening, { within: FOUND_WITHIN_MS });
    await stream!.end();
    expect(stream!.missing).toBe(0);
    expect(gaps).toEqual([]);
    stream!.assertInOrderAndOnce();
  }, 180_000);
});

describe('events that only a dead master had', () => {
  it('are told to be lost, although they were acknowledged', async () => {
    await using deployment = await SentinelDeployment.start({ downAfter: 3_000 });
    const { sentinels, name } = deployment;
    stream = await EventStream.start({ connections: { default: { sentinels, name } } });
    await stream.publishOnce();
    const [replica] = await deployment.replicas();
    const master = await deployment.master();
    // A replica that was stopped reads what is left in its socket when it goes on: its link is cut as well.
    replica!.pause();
    await eventually(async () => (await master.killClients({ type: 'replica' })) > 0);
    await eventually(() => expect(stream!.heard.get('a')).toHaveLength(1));
    await stream.publishOnce();
    await eventually(() => expect(stream!.heard.get('a')).toHaveLength(2));
    await master.kill();
    replica!.resume();
    await eventually(async () => (await deployment.master()) === replica, {
      within: FAILED_OVER_WITHIN_MS,
    });
    await stream.end();
    await stream.close();
    expect(stream.gaps.length).toBeGreaterThan(0);
    stream.assertInOrderAndOnce();
  }, 180_000);
});
