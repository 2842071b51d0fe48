import { RigError } from './rig.errors.js';

/** @throws RigError `INVALID_OPTION` naming the option and the range. */
export function checkInteger(option: string, value: number, least: number, most = Infinity): void {
  if (Number.isInteger(value) && value >= least && value <= most) return;
  const range = most === Infinity ? `>= ${least}` : `from ${least} to ${most}`;
  throw new RigError('INVALID_OPTION', `${option}: ${value} is not an integer ${range}`);
}
