import type { Shape } from './shape.js';

/** Things to carry, write, wrap and play with. */
export const giftShapes: readonly Shape[] = [
  {
    words: /\b(?:purse|wallet|passport|travel card|card holder|cosmetic)/i,
    draw: (c) =>
      `<path d="M46 84c0-10 6-16 16-16h76c10 0 16 6 16 16v48c0 12-8 20-20 20H66c-12 0-20-8-20-20z" fill="${c.main}"/><path d="M46 84c20 22 88 22 108 0" fill="none" stroke="${c.dark}" stroke-width="4"/><path d="M60 68c6-18 74-18 80 0" fill="none" stroke="${c.dark}" stroke-width="7"/><circle cx="92" cy="54" r="6" fill="${c.accent}"/><circle cx="108" cy="54" r="6" fill="${c.accent}"/>`,
  },
  {
    words: /\b(?:handbag|shopper|tote|bags?\b|backpack|rucksack|suitcase|washbag|satchel)/i,
    draw: (c) =>
      `<path d="M74 82c0-52 52-52 52 0" fill="none" stroke="${c.dark}" stroke-width="8"/><path d="M46 78h108l-8 70c-1 6-4 8-10 8H64c-6 0-9-2-10-8z" fill="${c.main}"/><path d="M46 78h108l-1 12H47z" fill="${c.dark}"/>`,
  },
  {
    words: /\b(?:luggage|tags?\b|key ?ring|key fob|key-chain|keys?\b)/i,
    draw: (c) =>
      `<circle cx="100" cy="54" r="18" fill="none" stroke="${c.dark}" stroke-width="6"/><path d="M74 82 100 66l26 16v66c0 5-3 8-8 8H82c-5 0-8-3-8-8z" fill="${c.main}"/><circle cx="100" cy="86" r="6" fill="${c.light}"/><path d="M86 114h28M86 128h28" stroke="${c.light}" stroke-width="5" stroke-linecap="round"/>`,
  },
  {
    words: /\b(?:playing cards?|snap cards|games?\b|domino|bingo|ludo|snakes|chess|dice)/i,
    draw: (c) =>
      `<rect x="56" y="56" width="62" height="88" rx="7" fill="${c.main}" transform="rotate(-12 87 100)"/><rect x="84" y="56" width="62" height="88" rx="7" fill="#fffdf8" stroke="${c.dark}" stroke-width="3" transform="rotate(8 115 100)"/><path d="m116 118-16-17a10 10 0 0 1 16-13 10 10 0 0 1 16 13z" fill="${c.accent}"/>`,
  },
  {
    words: /\b(?:jigsaw|puzzle|block|abc|alphabet)/i,
    draw: (c) =>
      `<path d="M54 64h34c-8-22 30-22 22 0h36v34c22-8 22 30 0 22v32h-36c8-22-30-22-22 0H54v-34c22 8 22-30 0-22z" fill="${c.main}"/>`,
  },
  {
    words: /\b(?:cards?\b|postcard|envelope|letter|writing|notelet|invite)/i,
    draw: (c) =>
      `<path d="M62 44h76v70H62z" fill="${c.light}" stroke="${c.dark}" stroke-width="2"/><path d="m100 84-15-16a9 9 0 0 1 15-12 9 9 0 0 1 15 12z" fill="${c.accent}"/><path d="M40 84h120v66H40z" fill="${c.main}"/><path d="m40 84 60 42 60-42" fill="none" stroke="${c.dark}" stroke-width="4"/>`,
  },
  {
    words: /\b(?:gift|wrap\b|present|parcel|ribbon|tissue|rosette|cracker)/i,
    draw: (c) =>
      `<path d="M50 88h100v64H50z" fill="${c.main}"/><path d="M42 70h116v24H42z" fill="${c.main}" stroke="${c.dark}" stroke-width="3"/><path d="M92 70h16v82H92z" fill="${c.accent}"/><path d="M100 68C88 34 54 40 64 58c6 10 22 10 36 10zM100 68c12-34 46-28 36-10-6 10-22 10-36 10z" fill="${c.accent}" stroke="${c.dark}" stroke-width="2"/>`,
  },
  {
    words:
      /\b(?:notebook|sketchbook|journal|exercise book|album|books?\b|diary|calendar|stationery)/i,
    draw: (c) =>
      `<rect x="56" y="46" width="92" height="108" rx="6" fill="${c.dark}"/><rect x="64" y="46" width="84" height="108" rx="6" fill="${c.main}"/><rect x="80" y="66" width="52" height="30" rx="3" fill="${c.light}"/><path d="M90 77h32M94 86h24" stroke="${c.dark}" stroke-width="3" stroke-linecap="round"/><path d="M128 46v40l-7-6-7 6V46z" fill="${c.accent}"/>`,
  },
  {
    words: /\b(?:pencil|pens?\b|chalk|crayon|paint|ruler|eraser|sharpener|rubber)/i,
    draw: (c) =>
      `<g transform="rotate(38 100 100)"><path d="M88 44h24v78H88z" fill="${c.main}"/><path d="M88 122h24l-12 32z" fill="#f0d9b5"/><path d="m95 142 5 12 5-12z" fill="${c.dark}"/><path d="M88 34c0-8 24-8 24 0v10H88z" fill="${c.accent}"/><path d="M96 44v78M104 44v78" stroke="${c.dark}" stroke-width="2" opacity=".35"/></g>`,
  },
  {
    words: /\b(?:sewing|scissor|knitting|craft|needle|patches|tape|button|stencil|kit\b|reel)/i,
    draw: (c) =>
      `<path d="M66 52h68v16H66zM66 132h68v16H66z" fill="${c.dark}"/><path d="M74 68h52v64H74z" fill="${c.main}"/><path d="M74 80h52M74 92h52M74 104h52M74 116h52" stroke="${c.dark}" stroke-width="3" opacity=".45"/><path d="M126 118c26 0 8-40 32-44" fill="none" stroke="${c.main}" stroke-width="4"/>`,
  },
  {
    words: /\b(?:magnet|sticker|stamp|tattoo|paperweight)/i,
    draw: (c) =>
      `<circle cx="76" cy="84" r="30" fill="${c.main}"/><rect x="104" y="60" width="50" height="50" rx="9" fill="${c.accent}" transform="rotate(9 129 85)"/><path d="m100 108 9 19 21 2-16 14 5 21-19-11-19 11 5-21-16-14 21-2z" fill="${c.light}" stroke="${c.dark}" stroke-width="2.5"/>`,
  },
  {
    words: /\b(?:money|piggy|bank\b)/i,
    draw: (c) =>
      `<ellipse cx="98" cy="104" rx="54" ry="40" fill="${c.main}"/><path d="M68 134h16v20H68zM114 134h16v20h-16z" fill="${c.dark}"/><rect x="82" y="70" width="34" height="6" rx="3" fill="${c.dark}"/><ellipse cx="148" cy="106" rx="13" ry="16" fill="${c.light}"/><circle cx="128" cy="92" r="4.5" fill="#3c3538"/><path d="m112 64 18-14 4 20z" fill="${c.dark}"/>`,
  },
  {
    words:
      /\b(?:teddy|bear|doll(?:s)?\b|soft toy|monkey|puppet|monster|toys?\b|robot|suki|babushka|gnome)/i,
    draw: (c) =>
      `<circle cx="72" cy="62" r="15" fill="${c.dark}"/><circle cx="128" cy="62" r="15" fill="${c.dark}"/><ellipse cx="100" cy="132" rx="36" ry="28" fill="${c.main}"/><circle cx="100" cy="82" r="37" fill="${c.main}"/><ellipse cx="100" cy="94" rx="18" ry="14" fill="${c.light}"/><circle cx="86" cy="76" r="5" fill="#3c3538"/><circle cx="114" cy="76" r="5" fill="#3c3538"/><ellipse cx="100" cy="89" rx="6" ry="4.5" fill="#3c3538"/>`,
  },
  {
    words: /\b(?:balloon|party|birthday|confetti)/i,
    draw: (c) =>
      `<path d="M78 116c2 20-6 26 0 40M124 112c-4 22 6 28-2 44" fill="none" stroke="${c.dark}" stroke-width="3"/><ellipse cx="124" cy="76" rx="30" ry="36" fill="${c.accent}"/><ellipse cx="78" cy="80" rx="31" ry="38" fill="${c.main}"/><ellipse cx="66" cy="66" rx="7" ry="11" fill="#fff" opacity=".5"/>`,
  },
  {
    words: /\b(?:bunting|garland|pennant|flag|paper chain|streamer|string)/i,
    draw: (c) =>
      `<path d="M26 64c40 30 108 30 148 0" fill="none" stroke="${c.dark}" stroke-width="4"/><path d="m38 72 30 13-22 36z" fill="${c.main}"/><path d="m84 87 32 0-16 42z" fill="${c.accent}"/><path d="m132 85 30-13-8 49z" fill="${c.main}"/>`,
  },
  {
    words: /\b(?:helicopter|glider|aeroplane|rocket|space|train|tractor|cars?\b|caravan|bicycle)/i,
    draw: (c) =>
      `<path d="M100 34c24 22 28 54 22 90H78c-6-36-2-68 22-90z" fill="${c.main}"/><path d="M78 98 54 132l26-4zM122 98l24 34-26-4z" fill="${c.dark}"/><circle cx="100" cy="82" r="13" fill="${c.light}"/><path d="M88 128h24l-12 32z" fill="#f2a93b"/>`,
  },
];
