/** One series: its name with its labels in order, and its value. */
export type Samples = ReadonlyMap<string, number>;

const NAME = /^[a-zA-Z_:][a-zA-Z0-9_:]*$/;
const SAMPLE = /^([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(.*)\})? (\S+)$/;
const LABEL = /([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\["\\n])*)"(?:,|$)/y;
/** What the samples of a histogram are called beside its name. */
const OF_HISTOGRAM = /_(bucket|sum|count)$/;

/**
 * Reads Prometheus' text format as strictly as Prometheus does, and holds names to its conventions: one HELP and one TYPE
 * before the samples of a name, all of these together, no series twice, `_total` for counters and for nothing else.
 *
 * @throws Error naming the line.
 */
export function readExposition(text: string): Samples {
  const samples = new Map<string, number>();
  const types = new Map<string, string>();
  const helped = new Set<string>();
  const closed = new Set<string>();
  let current = '';
  if (!text.endsWith('\n')) throw new Error('the last line does not end');
  for (const [at, line] of text.split('\n').slice(0, -1).entries()) {
    const fail = (problem: string): never => {
      throw new Error(`line ${at + 1}: ${problem}: ${line}`);
    };
    if (line === '') continue;
    const [, kind, described, rest] = /^# (HELP|TYPE) (\S+) (.+)$/.exec(line) ?? [];
    if (kind !== undefined && described !== undefined && rest !== undefined) {
      if (!NAME.test(described)) fail('no name of a metric');
      if (described !== current) {
        if (closed.has(described)) fail('its samples are not together');
        if (current !== '') closed.add(current);
        current = described;
      }
      if (kind === 'HELP') {
        if (helped.has(described)) fail('a second HELP');
        helped.add(described);
      } else {
        if (types.has(described)) fail('a second TYPE');
        types.set(described, rest);
        if ((rest === 'counter') !== described.endsWith('_total')) fail('_total is for counters');
      }
      continue;
    }
    const [, name = '', labels, value = ''] = SAMPLE.exec(line) ?? fail('no sample');
    const family = types.get(current) === 'histogram' ? name.replace(OF_HISTOGRAM, '') : name;
    if (family !== current || !helped.has(family) || !types.has(family)) fail('not described');
    if (Number.isNaN(Number(value)) && value !== 'NaN') fail('no number');
    const series = `${name}{${labelsOf(labels ?? '', fail).join(',')}}`;
    if (samples.has(series)) fail('a second time');
    samples.set(series, Number(value));
  }
  return samples;
}

function labelsOf(text: string, fail: (problem: string) => never): string[] {
  const labels: string[] = [];
  LABEL.lastIndex = 0;
  while (LABEL.lastIndex < text.length) {
    const [, label, value] = LABEL.exec(text) ?? fail('labels');
    labels.push(`${label}="${value}"`);
  }
  return labels.sort();
}
