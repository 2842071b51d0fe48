import { PermitsExceededError } from './permit.errors.js';
import type { PermitAnswer, PermitStandings, PermitState } from './permit.scripts.js';
import type { AcquireAnswer, TouchAnswer } from './stores/hold-store.js';
import { detailOf } from './stores/permit-store.js';

/** What an acquisition was answered, in the words of all kinds. */
export function answerOf(name: string, id: string, answer: PermitAnswer): AcquireAnswer {
  const { outcome, number, holderAgeMs } = answer;
  switch (outcome) {
    case 'granted':
      return { outcome, fence: number };
    case 'queued':
      return { outcome, ticket: number, holderAgeMs, freeInMs: freeInMs(answer) };
    case 'taken':
      return { outcome: 'held', holderAgeMs, freeInMs: freeInMs(answer) };
    case 'heavy':
      throw new PermitsExceededError(name, detailOf(id).weight, answer.limit);
    case 'refused':
      // Cancelled ones have nobody left who asks.
      return { outcome: 'lapsed' };
  }
}

export function touchAnswerOf(answer: PermitStandings): TouchAnswer {
  return {
    freeInMs: freeInMs(answer),
    holderAgeMs: answer.holderAgeMs,
    leaseLeftMs: answer.leaseLeftMs,
    standings: answer.standings,
  };
}

/** When nobody holds, those who wait are sent away or served in the next step. */
const freeInMs = ({ firstEndMs }: PermitState): number => firstEndMs ?? 0;
