import type { Shape } from './shape.js';

/** Things for the table and the kitchen. */
export const tableShapes: readonly Shape[] = [
  {
    words: /\b(?:mugs?\b|beaker|tankard|(?<!egg )cups?\b(?! ?cake))/i,
    draw: (c) =>
      `<path d="M134 84c24-4 36 8 32 26-3 15-16 23-34 22" fill="none" stroke="${c.dark}" stroke-width="11" stroke-linecap="round"/>` +
      `<path d="M56 66h82v58c0 18-12 28-28 28H84c-16 0-28-10-28-28z" fill="${c.main}"/>` +
      `<ellipse cx="97" cy="66" rx="41" ry="9" fill="${c.dark}"/><ellipse cx="97" cy="68" rx="35" ry="6" fill="${c.accent}"/>`,
  },
  {
    words: /\b(?:teacup|saucer|tea set|coffee set)/i,
    draw: (c) =>
      `<ellipse cx="100" cy="140" rx="62" ry="13" fill="${c.light}"/><ellipse cx="100" cy="137" rx="40" ry="7" fill="${c.dark}" opacity=".35"/>` +
      `<path d="M140 86c18-5 30 4 26 16-3 11-16 16-32 18" fill="none" stroke="${c.dark}" stroke-width="8"/>` +
      `<path d="M54 78h92c0 34-18 58-46 58S54 112 54 78z" fill="${c.main}"/><ellipse cx="100" cy="78" rx="46" ry="9" fill="${c.dark}"/>`,
  },
  {
    words: /\b(?:teapot|jugs?\b|coffee pot|watering can|kettle)/i,
    draw: (c) =>
      `<path d="M60 92C42 90 36 76 28 70c12-3 26 0 36 10z" fill="${c.dark}"/>` +
      `<path d="M138 82c22-8 36 4 32 24-3 16-16 26-34 28" fill="none" stroke="${c.dark}" stroke-width="9"/>` +
      `<ellipse cx="100" cy="108" rx="48" ry="42" fill="${c.main}"/><path d="M74 70c4-14 48-14 52 0z" fill="${c.light}"/><circle cx="100" cy="55" r="7" fill="${c.accent}"/>`,
  },
  {
    words: /\b(?:bowls?\b|fruitbowl|dish\b|sundae)/i,
    draw: (c) =>
      `<path d="M40 88h120c0 36-24 60-60 60s-60-24-60-60z" fill="${c.main}"/><ellipse cx="100" cy="88" rx="60" ry="14" fill="${c.dark}"/><ellipse cx="100" cy="90" rx="51" ry="9" fill="${c.light}"/><path d="M78 147h44l4 9H74z" fill="${c.dark}"/>`,
  },
  {
    words: /\b(?:plates?\b|platter|charger|placemat|coaster)/i,
    draw: (c) =>
      `<circle cx="100" cy="102" r="58" fill="${c.main}"/><circle cx="100" cy="102" r="58" fill="none" stroke="${c.dark}" stroke-width="5"/><circle cx="100" cy="102" r="36" fill="${c.light}"/><circle cx="100" cy="102" r="36" fill="none" stroke="${c.accent}" stroke-width="2.5"/>`,
  },
  {
    words: /\b(?:trays?\b|chopping|board\b)/i,
    draw: (c) =>
      `<path d="M36 74h128l-10 58H46z" fill="${c.dark}"/><path d="M46 82h108l-8 42H54z" fill="${c.main}"/><path d="M82 74c0-12 36-12 36 0" fill="none" stroke="${c.dark}" stroke-width="7"/>`,
  },
  {
    words: /\b(?:cutlery|spoon|fork|knife|chopstick|spatula|whisk|ladle)/i,
    draw: (c) =>
      `<g fill="none" stroke="${c.dark}" stroke-width="8" stroke-linecap="round"><path d="M68 100v56M132 96v60M100 98v58"/></g>` +
      `<path d="M56 48v30c0 10 24 10 24 0V48M68 48v34" fill="none" stroke="${c.accent}" stroke-width="6" stroke-linecap="round"/>` +
      `<ellipse cx="100" cy="70" rx="14" ry="24" fill="${c.main}"/><path d="M124 48c18 8 20 34 8 56h-8z" fill="${c.light}" stroke="${c.dark}" stroke-width="2"/>`,
  },
  {
    words: /\b(?:cake ?stand)/i,
    draw: (c) =>
      `<path d="M96 40h8v112h-8z" fill="${c.dark}"/><ellipse cx="100" cy="38" rx="9" ry="7" fill="none" stroke="${c.dark}" stroke-width="4"/><ellipse cx="100" cy="142" rx="60" ry="11" fill="${c.main}"/><ellipse cx="100" cy="139" rx="52" ry="7" fill="${c.light}"/><ellipse cx="100" cy="106" rx="46" ry="9" fill="${c.main}"/><ellipse cx="100" cy="103" rx="39" ry="6" fill="${c.light}"/><ellipse cx="100" cy="72" rx="32" ry="7" fill="${c.main}"/><ellipse cx="100" cy="70" rx="26" ry="4.5" fill="${c.light}"/><g fill="${c.accent}"><circle cx="72" cy="130" r="9"/><circle cx="128" cy="130" r="9"/><circle cx="80" cy="96" r="8"/><circle cx="120" cy="96" r="8"/><circle cx="114" cy="64" r="7"/></g>`,
  },
  {
    words:
      /\b(?:cupcake|cake cases?|fairy cake|baking|muffin|doughnut|pudding|cakes?\b|petit four|mini cases)/i,
    draw: (c) =>
      `<path d="M64 104h72l-10 46H74z" fill="${c.main}"/><path d="M78 106l5 42M100 106v43M122 106l-5 42" stroke="${c.dark}" stroke-width="3" opacity=".5"/>` +
      `<path d="M54 104c-6-20 12-26 16-26 2-22 58-22 60 0 6 0 22 6 16 26z" fill="${c.light}"/><path d="M70 78c18 10 40 10 60 0" fill="none" stroke="${c.dark}" stroke-width="3" opacity=".35"/><circle cx="100" cy="56" r="10" fill="${c.accent}"/>`,
  },
  {
    words: /\b(?:bottles?\b(?!.*hot)|decanter|flask|carafe|vase|oil\b)/i,
    draw: (c) =>
      `<path d="M88 40h24v28c0 10 18 16 18 36v38c0 8-6 12-12 12H82c-6 0-12-4-12-12v-38c0-20 18-26 18-36z" fill="${c.main}"/><path d="M84 34h32v12H84z" fill="${c.dark}"/><path d="M76 108h48v28H76z" fill="${c.light}" opacity=".85"/>`,
  },
  {
    words:
      /\b(?:glass(?:es)?\b(?!.*(?:necklace|bracelet|earring|t-light|holder|candle|bead))|goblet|tumbler|chalice|cocktail|champagne)/i,
    draw: (c) =>
      `<path d="M66 48h68c2 34-10 56-30 58v34h22v10H74v-10h22v-34c-20-2-32-24-30-58z" fill="${c.light}" opacity=".9"/><path d="M68 68h64c-2 22-12 34-32 35-20-1-30-13-32-35z" fill="${c.main}"/><path d="M78 52c-1 16 2 28 8 38" fill="none" stroke="#fff" stroke-width="4" stroke-linecap="round" opacity=".7"/>`,
  },
  {
    words:
      /\b(?:jars?\b|jam\b|storage tin|tins?\b|caddy|container|canister|barrel|bread bin|bins?\b|tubs?\b)/i,
    draw: (c) =>
      `<rect x="58" y="66" width="84" height="88" rx="14" fill="${c.main}"/><rect x="54" y="48" width="92" height="22" rx="7" fill="${c.dark}"/><circle cx="100" cy="44" r="7" fill="${c.dark}"/><rect x="72" y="92" width="56" height="34" rx="5" fill="${c.light}"/><path d="M82 104h36M88 114h24" stroke="${c.dark}" stroke-width="3" stroke-linecap="round" opacity=".6"/>`,
  },
  {
    words: /\b(?:apron|oven glove|tea towel|napkins?\b|tablecloth|runner)/i,
    draw: (c) =>
      `<path d="M80 44c0 18 40 18 40 0" fill="none" stroke="${c.dark}" stroke-width="5"/><path d="M78 46h44l6 34 22 10v62H50V90l22-10z" fill="${c.main}"/><path d="M74 108h52v26c0 6-4 8-8 8H82c-4 0-8-2-8-8z" fill="${c.light}"/><path d="M50 94 34 104M150 94l16 10" stroke="${c.dark}" stroke-width="5" stroke-linecap="round"/>`,
  },
  {
    words: /\b(?:egg|cosy|hen\b|chick(?:en|s)?\b|cockerel)/i,
    draw: (c) =>
      `<ellipse cx="100" cy="92" rx="36" ry="46" fill="${c.light}"/><path d="M66 78c20 12 48 12 68 0M64 96c22 14 50 14 72 0" fill="none" stroke="${c.accent}" stroke-width="6"/><path d="M58 112h84c-2 22-18 30-32 32l10 12H80l10-12c-14-2-30-10-32-32z" fill="${c.main}"/>`,
  },
  {
    words: /\b(?:scales?\b|timer|frying pan|pan\b|popcorn|mould)/i,
    draw: (c) =>
      `<circle cx="86" cy="104" r="46" fill="${c.dark}"/><circle cx="86" cy="104" r="36" fill="${c.main}"/><rect x="126" y="96" width="54" height="15" rx="7.5" fill="${c.dark}"/><path d="M64 92c6-12 18-16 28-14" fill="none" stroke="#fff" stroke-width="5" stroke-linecap="round" opacity=".5"/>`,
  },
];
