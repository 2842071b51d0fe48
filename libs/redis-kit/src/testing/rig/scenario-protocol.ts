/** What `runProcesses` and `serveScenario` say to each other. */
export interface ScenarioCall {
  id: number;
  method: string;
  args: unknown[];
}

export type ScenarioMessage =
  | { type: 'ready' }
  | { type: 'returned'; id: number; value: unknown }
  | { type: 'threw'; id: number; error: TransferredError };

/** Structured cloning would keep neither the name nor the fields of an error of one's own. */
export interface TransferredError {
  name: string;
  message: string;
  stack: string | undefined;
  fields: Record<string, unknown>;
}

export function packError(thrown: unknown): TransferredError {
  const error = thrown instanceof Error ? thrown : new Error(String(thrown));
  const fields: Record<string, unknown> = {};
  for (const [field, value] of Object.entries(error)) {
    if (isCloneable(value)) fields[field] = value;
  }
  return { name: error.name, message: error.message, stack: error.stack, fields };
}

export function unpackError({ name, message, stack, fields }: TransferredError): Error {
  const error = new Error(message);
  return Object.assign(error, fields, { name }, stack === undefined ? {} : { stack });
}

function isCloneable(value: unknown): boolean {
  try {
    structuredClone(value);
    return true;
  } catch {
    return false;
  }
}
