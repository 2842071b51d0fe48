import type { Redis } from 'ioredis';
import type { ServerNode } from '../core/connections/server-nodes.js';
import { addEstimates, estimateCount, type Estimate } from './estimate.js';
import type { KeyFacts, KeyStatistics, NamedKeyGroup } from './key-reports.js';
import { KEYS_PER_SCAN, scanKeys } from './key-scan.js';
import { KeyTally, type ExaminedKey } from './key-tally.js';
import type { Look } from './look.js';

/** Keys of one server that are examined: their shares are then known to within one percent. */
const SAMPLE_SIZE = 20_000;
/** A step that found no more than this few is examined as a whole: the pattern is a rare one. */
const FEW = 20;
/** Members of a collection that its size is estimated from. */
const MEMBERS_SAMPLED = 5;

export interface KeyStatisticsRequest {
  readonly pattern: string | undefined;
  readonly budgetMs: number;
  readonly prefixes: number;
  readonly bigKeys: number;
  /** Of the application, whose keys are told apart by what follows it. */
  readonly namespace: string;
}

/** Looks through the keys of all masters, at the same time. */
export async function readKeyStatistics(
  look: Look,
  request: KeyStatisticsRequest,
): Promise<KeyStatistics> {
  const nodes = await look.each(look.masters, (node) => keysOf(look, node, request));
  return look.report(nodes, (all) => together(all, request));
}

async function keysOf(
  look: Look,
  node: ServerNode,
  request: KeyStatisticsRequest,
): Promise<KeyFacts | undefined> {
  const startedAt = performance.now();
  const size = await look.ask(node, 'DBSIZE', (client) => client.dbsize());
  const chance = size ? Math.min(1, SAMPLE_SIZE / size) : 1;
  const tally = new KeyTally(request.namespace, request.bigKeys);
  let seen = 0;
  const { steps, isComplete } = await scanKeys(look, node, request, async (keys, client) => {
    seen += keys.length;
    const chosen = keys.length <= FEW ? keys : keys.filter(() => Math.random() < chance);
    for (const key of await examine(look, node, client, chosen)) tally.add(key);
  });
  if (steps === 0) return undefined;
  const wentThrough = request.pattern === undefined ? seen : steps * KEYS_PER_SCAN;
  const coverage = isComplete ? 1 : size ? Math.min(1, wentThrough / size) : null;
  const population = populationOf(seen, isComplete ? undefined : size, wentThrough);
  return {
    ...tally.facts(population, request.prefixes),
    sample: {
      seen,
      examined: tally.examined,
      coverage,
      isComplete,
      confidence: 0.95,
      durationMs: performance.now() - startedAt,
    },
  };
}

/** How many keys match, of `size` that the server has when not all of them were seen. */
function populationOf(seen: number, size: number | undefined, wentThrough: number): Estimate {
  if (!size || wentThrough >= size) return { value: seen, margin: 0 };
  return seen === wentThrough
    ? { value: size, margin: 0 }
    : estimateCount(seen, { population: size, examined: wentThrough });
}

/** Type, expiry and size of keys; those that are gone meanwhile are left out. */
async function examine(
  look: Look,
  node: ServerNode,
  client: Redis,
  keys: readonly Buffer[],
): Promise<ExaminedKey[]> {
  if (keys.length === 0) return [];
  const pipeline = client.pipeline();
  for (const key of keys) {
    pipeline.type(key);
    pipeline.pttl(key);
    pipeline.call('MEMORY', 'USAGE', key, 'SAMPLES', MEMBERS_SAMPLED);
  }
  const replies = (await look.ask(node, 'TYPE', () => pipeline.exec())) ?? [];
  const replyTo = (at: number, asked: string): unknown => {
    const [error, reply] = replies[at] ?? [];
    // A slot that is on its way to another master is no failure: its keys are counted where they arrive.
    if (error && !/^(MOVED|ASK|TRYAGAIN)/.test(error.message)) look.note(node.name, asked, error);
    return reply;
  };
  return keys.flatMap((key, i): ExaminedKey[] => {
    const type = replyTo(3 * i, 'TYPE');
    const ttlMs = replyTo(3 * i + 1, 'PTTL');
    const bytes = replyTo(3 * i + 2, 'MEMORY USAGE');
    if (typeof type !== 'string' || type === 'none' || ttlMs === -2) return [];
    return [
      {
        key: key.toString(),
        type,
        expires: ttlMs !== -1,
        bytes: typeof bytes === 'number' ? bytes : undefined,
      },
    ];
  });
}

/** The keys of all masters: each key is on one of them, so what was estimated adds up. */
function together(all: readonly KeyFacts[], { prefixes, bigKeys }: KeyStatisticsRequest): KeyFacts {
  const samples = all.map(({ sample }) => sample);
  const coverages = samples.map(({ coverage }) => coverage).filter((value) => value !== null);
  return {
    ...addGroups(all),
    types: mergeByName(all.flatMap(({ types }) => types)),
    prefixes: mergeByName(all.flatMap((facts) => facts.prefixes)).slice(0, prefixes + 1),
    bigKeys: all
      .flatMap((facts) => facts.bigKeys)
      .sort((a, b) => b.bytes - a.bytes)
      .slice(0, bigKeys),
    examplesWithoutExpiry: all.flatMap((facts) => facts.examplesWithoutExpiry).slice(0, 10),
    sample: {
      seen: samples.reduce((sum, { seen }) => sum + seen, 0),
      examined: samples.reduce((sum, { examined }) => sum + examined, 0),
      coverage: coverages.length === samples.length ? Math.min(...coverages) : null,
      isComplete: samples.every(({ isComplete }) => isComplete),
      confidence: 0.95,
      durationMs: Math.max(...samples.map(({ durationMs }) => durationMs)),
    },
  };
}

function mergeByName(groups: readonly NamedKeyGroup[]): NamedKeyGroup[] {
  const byName = new Map<string, NamedKeyGroup[]>();
  for (const group of groups) {
    byName.set(group.name, [...(byName.get(group.name) ?? []), group]);
  }
  return [...byName]
    .map(([name, same]) => ({ name, ...addGroups(same) }))
    .sort((a, b) => b.keys.value - a.keys.value);
}

const addGroups = (groups: readonly Pick<KeyFacts, 'keys' | 'withoutExpiry' | 'bytes'>[]) => {
  const sized = groups.map(({ bytes }) => bytes).filter((bytes) => bytes !== null);
  return {
    keys: addEstimates(groups.map(({ keys }) => keys)),
    withoutExpiry: addEstimates(groups.map(({ withoutExpiry }) => withoutExpiry)),
    bytes: sized.length > 0 ? addEstimates(sized) : null,
  };
};
