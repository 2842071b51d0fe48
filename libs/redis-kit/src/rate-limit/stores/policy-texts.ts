import type { Window } from '../../core/time-window.js';
import type { Limit } from '../limit.js';

interface CalendarText {
  readonly text: string;
  readonly fromUs: number;
  readonly toUs: number;
}

/**
 * How limits are spelled for the scripts: `<kind> <limit> <a> <b> <c> <countDenied> <name>[ <block>]`, see
 * `lua/buckets.lua`. A limit is spelled once, one of the calendar once a day or month.
 */
export class PolicyTexts {
  readonly #texts = new WeakMap<Limit, string>();
  readonly #calendarTexts = new WeakMap<Limit, CalendarText>();

  /** @param serverNowUs the server's time as far as it is known. */
  constructor(private readonly serverNowUs: () => number | undefined) {}

  of(limit: Limit): string {
    if (limit.calendar) return this.#ofCalendar(limit, limit.calendar);
    let text = this.#texts.get(limit);
    if (text === undefined) {
      text = spell(limit, limit.a, limit.b, 0);
      this.#texts.set(limit, text);
    }
    return text;
  }

  /** Length of the day or month at hand, after `of` spelled it. */
  calendarWindowMs(limit: Limit): number {
    const { fromUs = 0, toUs = 0 } = this.#calendarTexts.get(limit) ?? {};
    return (toUs - fromUs) / 1_000;
  }

  #ofCalendar(limit: Limit, calendar: Window): string {
    // Before the server was heard the clock of this process is a guess, which the script refuses when it is wrong.
    const nowUs = this.serverNowUs() ?? Date.now() * 1_000;
    let known = this.#calendarTexts.get(limit);
    if (!known || nowUs < known.fromUs || nowUs >= known.toUs) {
      const { fromMs, untilMs } = calendar.at(nowUs / 1_000);
      const [fromUs, toUs] = [fromMs * 1_000, untilMs * 1_000];
      const next = calendar.at(untilMs);
      known = { text: spell(limit, fromUs, toUs, next.untilMs * 1_000), fromUs, toUs };
      this.#calendarTexts.set(limit, known);
    }
    return known.text;
  }
}

function spell(
  { kind, limit, countDenied, name, block }: Limit,
  a: number,
  b: number,
  c: number,
): string {
  const text = `${kind} ${limit} ${a} ${b} ${c} ${countDenied ? 1 : 0} ${name}`;
  if (!block) return text;
  const us = (ms: number) => ms * 1_000;
  return `${text} ${us(block.forMs)} ${block.factor} ${us(block.maxMs)} ${us(block.forgetAfterMs)}`;
}
