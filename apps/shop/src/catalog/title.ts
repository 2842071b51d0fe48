const cutOff: Readonly<Record<string, string>> = {
  BEA: 'BEADS',
  BUTTERFL: 'BUTTERFLY',
  CHAR: 'CHARM',
  DIA: 'DIAMOND',
  DIAMON: 'DIAMOND',
  FLOWE: 'FLOWER',
  MONTAN: 'MONTANA',
  NECKLAC: 'NECKLACE',
  RASPBERR: 'RASPBERRY',
  STR: 'STRAP',
};

/**
 * Abbreviations, cut-off words and misspellings of the source, as patterns on the upper-case description. The source cuts
 * descriptions at 35 characters, which is where the half words come from.
 */
const spelledOut: readonly (readonly [RegExp, string | ((found: string) => string)])[] = [
  [/\bC\/COVER\b/g, 'CUSHION COVER'],
  [/\bB'FLY\b/g, 'BUTTERFLY'],
  [/\bB'DRAW\b/g, 'BEDROOM DRAWER'],
  [/\bM\/COLOUR\b/g, 'MULTICOLOUR'],
  [/\bM\.?O\.?P\b\.?/g, 'MOTHER OF PEARL'],
  [/\bD\.O\.F\.?/g, 'DOUBLE OLD FASHIONED'],
  [/\s(?:16|17)\d{3}$/g, ''],
  [/\bART DEC\b/g, 'ART DECO'],
  [/\b(?:SET|S)\/(\d+)\b/g, 'SET OF $1'],
  [/\bSET ?OF ?(\d+)\b/g, 'SET OF $1'],
  [/\bSET(\d+)\b/g, 'SET OF $1'],
  [/\b(PACK|BOX)\/(\d+)\b/g, '$1 OF $2'],
  [/\bSET (\d+)\b(?! (?:OF|TONE))/g, 'SET OF $1'],
  [/\bW\/\s*/g, 'WITH '],
  [/\bW (?=[A-Z])/g, 'WITH '],
  [/\bASS(?:TD|T|ORT)?\b\.?/g, 'ASSORTED'],
  [/\bANT\b/g, 'ANTIQUE'],
  [/\bVINT\b/g, 'VINTAGE'],
  [/\bDES\b(?! ENFANTS)/g, 'DESIGN'],
  [/\bMULTICOL\b/g, 'MULTICOLOUR'],
  [/\bXMAS\b/g, 'CHRISTMAS'],
  [/\bTEALIGHT\b/g, 'T-LIGHT'],
  [/"(?=NECKL)/g, '" '],
  [/\bNECKL\b\.?/g, 'NECKLACE '],
  [/\bP'WEIGHT\b/g, 'PAPERWEIGHT'],
  [/\bNECKL(?=\d)/g, 'NECKLACE '],
  [/\bGARLD\b/g, 'GARLAND'],
  [/\bHLDR\b|\bHOLD$/g, 'HOLDER'],
  [/\bINCENSE\/CAND(?:L|LE)?\b/g, 'INCENSE & CANDLE'],
  [/\bKNIF & S$/g, 'KNIFE & SPOON'],
  [/\bBLK\b/g, 'BLACK'],
  [/\bWHI?T\b/g, 'WHITE'],
  [/\bTURQ(?:UOIS)?\b/g, 'TURQUOISE'],
  [/\bCHOC\b/g, 'CHOCOLATE'],
  [/\bLT\b\.?/g, 'LIGHT '],
  [/\bNAT\b/g, 'NATURAL'],
  [/\bCOL\b/g, 'COLOUR'],
  [/\bDEC\b/g, 'DECORATION'],
  [/\bDECO\./g, 'DECORATION '],
  [/\bRECT\b/g, 'RECTANGULAR'],
  [/\bSUCK$/g, 'SUCKER'],
  [/\bPHOTO A$/g, 'PHOTO ALBUM'],
  [/\bEAU DE NILE\b/g, 'EAU DE NIL'],
  [/\bCINAMMON\b/g, 'CINNAMON'],
  [/\bSANDLEWOOD\b/g, 'SANDALWOOD'],
  [/\bFUSCHIA\b/g, 'FUCHSIA'],
  [/\bSKIPPPING\b/g, 'SKIPPING'],
  [/\bLAQUERED\b/g, 'LACQUERED'],
  [/\bVIPPASSPORT\b/g, 'VIP PASSPORT'],
  [/\bPOT POURI\b/g, 'POTPOURRI'],
  [/\bPAISELY\b/g, 'PAISLEY'],
  [/\bSTRAWBERY\b/g, 'STRAWBERRY'],
  [/\b(BLACK|PINK)(BLUE|WHITE)\b/g, '$1/$2'],
  [/\b(SQUARE)(CUSHION)\b/g, '$1 $2'],
  [/\b(BAROQUE)(CANDLESTICK)\b/g, '$1 $2'],
  [/\b(DRAWER)(KNOB)\b/g, '$1 $2'],
  [/\b(\d+)(LIGHT)$/g, '$1 LIGHTS'],
  [
    /\b(NECKLAC|BUTTERFL|RASPBERR|MONTAN|FLOWE|DIAMON|STR|CHAR|DIA|BEA)$/g,
    (cut) => cutOff[cut] ?? cut,
  ],
];

const lowerCase = new Set(
  'a an and as at by de des du en for from in la le of on or per the to with'.split(' '),
);
const upperCase = new Set('BBQ CD DIY DVD EU II III LED NY SPF TV UK USB VIP XL XXL'.split(' '));

/** A description of the source as a person would write it: `SET/6 RED SPOTTY PAPER CUPS` → `Set of 6 Red Spotty Paper Cups`. */
export function readableTitle(description: string): string {
  let text = description.toUpperCase();
  for (const [pattern, replacement] of spelledOut) {
    // The two calls differ for the compiler only: `replace` has an overload for each.
    text =
      typeof replacement === 'string'
        ? text.replace(pattern, replacement)
        : text.replace(pattern, replacement);
  }
  text = text
    .replace(/\s*\+\s*/g, ' & ')
    .replace(/(?<=[A-Z])"(?=[A-Z])/g, ' "')
    .replace(/"(?=[A-Z]{3,}$)/g, '" ')
    .replace(/(?<=[A-Z])\(/g, ' (')
    .replace(/\s*,\s*(?=\S)/g, ', ')
    .replace(/\s-(?=[A-Z])/g, ' - ')
    .replace(/[\s.,]+$/g, '')
    .replace(/\s+/g, ' ')
    .trim();
  return text.split(' ').map(readableWord).join(' ');
}

function readableWord(word: string, position: number): string {
  if (upperCase.has(word.replace(/\W/g, ''))) return word;
  const lower = word.toLowerCase();
  if (position > 0 && lowerCase.has(lower)) return lower;
  // Sizes and counts ("30cm", "25w", "50's", "3d") read best as they are, except the dimensions.
  if (/^\d/.test(lower)) return lower.replace(/^(\d+)d$/, '$1D').replace(/^(\d+)w$/, '$1W');
  // Each part of "t-light", "red/white" and "(pointed" starts with a capital; what follows an apostrophe does not.
  return lower.replace(
    /(^|[^a-z'])([a-z])/g,
    (_, before: string, letter: string) => before + letter.toUpperCase(),
  );
}
