import { packError, type ScenarioCall, type ScenarioMessage } from './scenario-protocol.js';
import { RigError } from './rig.errors.js';

/** What a scenario can be asked to do; arguments and results travel by structured cloning. */
export type ScenarioMethods = Record<string, (...args: never[]) => unknown>;

/**
 * The scenario's side of `runProcesses`: answers calls until the other side stops it or ends. Call it when the
 * scenario is ready to be called. What a method throws arrives with its name, message, stack and fields.
 *
 * @throws RigError `INVALID_OPTION` in a process that was not started by `runProcesses`.
 */
export function serveScenario(methods: ScenarioMethods): void {
  if (process.send === undefined) {
    throw new RigError('INVALID_OPTION', 'serveScenario works in processes of runProcesses only');
  }
  process.on('message', (call: ScenarioCall) => void answer(methods, call));
  // Whoever started this process is gone.
  process.once('disconnect', () => process.exit(1));
  send({ type: 'ready' });
}

async function answer(methods: ScenarioMethods, { id, method, args }: ScenarioCall): Promise<void> {
  try {
    const run = Object.hasOwn(methods, method) ? methods[method] : undefined;
    if (run === undefined) throw new TypeError(`The scenario has no method "${method}"`);
    send({ type: 'returned', id, value: await run(...(args as never[])) });
  } catch (error) {
    // Also when the value cannot be cloned: `send` throws before it sends.
    send({ type: 'threw', id, error: packError(error) });
  }
}

function send(message: ScenarioMessage): void {
  process.send?.(message);
}
