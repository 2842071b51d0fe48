import type { PermitState } from '../permit.scripts.js';
import { HoldStore } from './hold-store.js';
import type { LatchStore } from './latch-store.js';

/**
 * Where permits are kept. The detail of an id says how many there are and how many of them it is about, so that whoever
 * asks for one needs no more than its id.
 */
export abstract class PermitStore extends HoldStore {
  /** How they stand now. */
  abstract state(name: string, limit: number): Promise<PermitState>;

  /** Changes how many there are, for everybody; undefined: as many as options say. */
  abstract resize(name: string, limit: number, permits: number | undefined): Promise<PermitState>;

  /** Exchanges what one id holds for less of it; false: it no longer holds. May be repeated. */
  abstract exchange(name: string, id: string, lighterId: string): Promise<boolean>;
}

export interface PermitDetail {
  /** How many permits there are for all. */
  readonly limit: number;
  /** How many of them are asked for. */
  readonly weight: number;
}

/** As it stands at the end of an id; the weight last, where the scripts look for it. */
export const permitDetail = ({ limit, weight }: PermitDetail): string => `${limit}.${weight}`;

export function detailOf(id: string): PermitDetail {
  const [limit, weight] = id.slice(id.lastIndexOf('~') + 1).split('.');
  return { limit: Number(limit), weight: Number(weight) };
}

/** Where all is kept that is not a plain lock. */
export interface SharedStores {
  readonly semaphores: PermitStore;
  readonly readers: PermitStore;
  readonly writers: PermitStore;
  readonly latches: LatchStore;
}
