import type { Shape } from './shape.js';

/** Things that light, furnish and decorate a home and its garden. */
export const homeShapes: readonly Shape[] = [
  {
    words: /\b(?:lantern)/i,
    draw: (c) =>
      `<path d="M84 44c0-20 32-20 32 0" fill="none" stroke="${c.dark}" stroke-width="5"/><path d="M70 62h60l-10-18H80z" fill="${c.dark}"/><rect x="66" y="62" width="68" height="78" rx="4" fill="${c.main}"/><rect x="76" y="72" width="48" height="58" rx="3" fill="#fff3cf"/><path d="M100 82c10 12 12 18 12 26a12 12 0 0 1-24 0c0-8 2-14 12-26z" fill="#f2a93b"/><path d="M60 140h80v12H60z" fill="${c.dark}"/>`,
  },
  {
    words: /\b(?:t-lights?|tea lights?|votive)/i,
    draw: (c) =>
      `<path d="M100 44c12 14 15 21 15 30a15 15 0 0 1-30 0c0-9 3-16 15-30z" fill="#f2a93b"/><path d="M100 60c6 7 8 11 8 16a8 8 0 0 1-16 0c0-5 2-9 8-16z" fill="#fff3cf"/><path d="M58 92h84l-8 50c-1 8-6 12-14 12H80c-8 0-13-4-14-12z" fill="${c.main}"/><ellipse cx="100" cy="92" rx="42" ry="9" fill="${c.dark}"/><ellipse cx="100" cy="93" rx="34" ry="6" fill="${c.light}"/>`,
  },
  {
    words: /\b(?:incense|joss|oil burner|fragrance)/i,
    draw: (c) =>
      `<path d="M96 128 108 58" stroke="${c.dark}" stroke-width="5" stroke-linecap="round"/><circle cx="109" cy="55" r="4" fill="#e2632e"/><path d="M112 46c14-10-10-16 4-30M124 60c10-8-6-14 6-24" fill="none" stroke="${c.accent}" stroke-width="4" stroke-linecap="round" opacity=".7"/><path d="M44 126h112c-6 18-26 26-56 26s-50-8-56-26z" fill="${c.main}"/>`,
  },
  {
    words: /\b(?:candle ?stick|candelabra)/i,
    draw: (c) =>
      `<path d="M100 30c9 11 11 16 11 22a11 11 0 0 1-22 0c0-6 2-11 11-22z" fill="#f2a93b"/><rect x="90" y="62" width="20" height="38" rx="3" fill="${c.light}"/><path d="M78 98h44l-8 12H86zM94 110h12v30H94zM66 154c0-12 14-16 34-16s34 4 34 16z" fill="${c.main}"/>`,
  },
  {
    words: /\b(?:candle)/i,
    draw: (c) =>
      `<path d="M100 36c10 12 13 19 13 27a13 13 0 0 1-26 0c0-8 3-15 13-27z" fill="#f2a93b"/><path d="M100 66v16" stroke="#4b3b34" stroke-width="3"/><rect x="68" y="82" width="64" height="66" rx="8" fill="${c.main}"/><ellipse cx="100" cy="82" rx="32" ry="7" fill="${c.light}"/><ellipse cx="100" cy="152" rx="50" ry="8" fill="${c.dark}"/>`,
  },
  {
    words: /\b(?:lamp|shade\b|chandelier)/i,
    draw: (c) =>
      `<path d="M76 44h48l22 56H54z" fill="${c.main}"/><path d="M54 100h92" stroke="${c.dark}" stroke-width="5"/><path d="M96 102h8v40h-8z" fill="${c.dark}"/><path d="M70 154c0-10 12-14 30-14s30 4 30 14z" fill="${c.dark}"/>`,
  },
  {
    words: /\b(?:light(?:s|bulb)?\b(?! (?:blue|pink|rose|green|topaz))|ubo|silicon|torch|disco)/i,
    draw: (c) =>
      `<path d="M30 66c30 34 110 34 140 0" fill="none" stroke="${c.dark}" stroke-width="4"/><g stroke="${c.dark}" stroke-width="2"><path d="M46 82c14 0 18 30 0 38-16-8-14-38 0-38z" fill="${c.accent}"/><path d="M82 92c16 0 20 34 0 42-18-8-16-42 0-42z" fill="${c.main}"/><path d="M120 92c16 0 20 34 0 42-18-8-16-42 0-42z" fill="${c.light}"/><path d="M154 82c14 0 18 30 0 38-16-8-14-38 0-38z" fill="${c.main}"/></g>`,
  },
  {
    words: /\b(?:hot water bottle|hottie)/i,
    draw: (c) =>
      `<rect x="88" y="36" width="24" height="22" rx="5" fill="${c.dark}"/><path d="M76 58h48c4 6 20 8 20 30v52c0 10-6 16-16 16H72c-10 0-16-6-16-16V88c0-22 16-24 20-30z" fill="${c.main}"/><path d="M100 134 80 113a13 13 0 0 1 20-16 13 13 0 0 1 20 16z" fill="${c.light}"/>`,
  },
  {
    words: /\b(?:cushion|pillow|pouffe|potpourri)/i,
    draw: (c) =>
      `<path d="M46 58c34 8 74 8 108 0-8 30-8 60 0 92-34-8-74-8-108 0 8-32 8-62 0-92z" fill="${c.main}"/><path d="M46 58c34 8 74 8 108 0-8 30-8 60 0 92-34-8-74-8-108 0 8-32 8-62 0-92z" fill="none" stroke="${c.dark}" stroke-width="4"/>`,
  },
  {
    words: /\b(?:doormat|mat\b|rug\b|towel|flannel|throw\b|blanket|curtain|hammock)/i,
    draw: (c) =>
      `<path d="M34 82h132v52H34z" fill="${c.main}"/><path d="M34 82h132M34 134h132" stroke="${c.dark}" stroke-width="4"/><path d="M28 84v48M172 84v48" stroke="${c.dark}" stroke-width="8" stroke-dasharray="3 5"/><path d="M56 108h88" stroke="${c.light}" stroke-width="9" stroke-linecap="round"/>`,
  },
  {
    words: /\b(?:clock)/i,
    draw: (c) =>
      `<circle cx="100" cy="102" r="56" fill="${c.main}"/><circle cx="100" cy="102" r="44" fill="#fffdf8"/><path d="M100 66v6M100 132v6M64 102h6M130 102h6" stroke="${c.dark}" stroke-width="5" stroke-linecap="round"/><path d="M100 102V76M100 102l18 12" stroke="#3c3538" stroke-width="5" stroke-linecap="round"/><circle cx="100" cy="102" r="5" fill="${c.accent}"/>`,
  },
  {
    words: /\b(?:mirror)/i,
    draw: (c) =>
      `<ellipse cx="100" cy="98" rx="48" ry="58" fill="${c.main}"/><ellipse cx="100" cy="98" rx="36" ry="46" fill="#e9f2f5"/><path d="M82 88 104 62M84 112l36-42" stroke="#fff" stroke-width="6" stroke-linecap="round"/>`,
  },
  {
    words:
      /\b(?:frame|photoframe|mosaic|picture|photo(?! album)|canvas|wall art|print\b|poster|art\b(?! flower))/i,
    draw: (c) =>
      `<rect x="46" y="50" width="108" height="104" rx="4" fill="${c.main}"/><rect x="60" y="64" width="80" height="76" fill="#fffdf8"/><path d="m60 132 24-30 18 20 14-14 24 24v8H60z" fill="${c.dark}" opacity=".7"/><circle cx="120" cy="84" r="8" fill="${c.accent}"/>`,
  },
  {
    words:
      /\b(?:signs?\b|doorsign|plaque|door hanger|chalkboard|blackboard|memo ?board|notice ?board|number tile|tile\b)/i,
    draw: (c) =>
      `<path d="M66 76 100 40l34 36" fill="none" stroke="${c.dark}" stroke-width="4"/><circle cx="100" cy="40" r="5" fill="${c.dark}"/><rect x="38" y="76" width="124" height="66" rx="9" fill="${c.main}"/><rect x="46" y="84" width="108" height="50" rx="5" fill="none" stroke="${c.light}" stroke-width="3"/><path d="M64 102h72M76 117h48" stroke="${c.light}" stroke-width="6" stroke-linecap="round"/>`,
  },
  {
    words:
      /\b(?:(?:wall |key )?cabinet|drawers?\b(?! knob)|chest\b|cupboard|sideboard|wardrobe|organiser|tidy|bookcase)/i,
    draw: (c) =>
      `<rect x="52" y="46" width="96" height="98" rx="5" fill="${c.main}"/><path d="M60 144v12M140 144v12" stroke="${c.dark}" stroke-width="8"/><g fill="${c.light}"><rect x="60" y="54" width="80" height="24" rx="3"/><rect x="60" y="84" width="80" height="24" rx="3"/><rect x="60" y="114" width="80" height="24" rx="3"/></g><g fill="${c.dark}"><circle cx="100" cy="66" r="4"/><circle cx="100" cy="96" r="4"/><circle cx="100" cy="126" r="4"/></g>`,
  },
  {
    words:
      /\b(?:hooks?\b|hanger|coat rack|knob|drawerknob|drawer knob|handle|shelf|shelves|rack\b)/i,
    draw: (c) =>
      `<rect x="36" y="62" width="128" height="34" rx="7" fill="${c.main}"/><g fill="none" stroke="${c.dark}" stroke-width="8" stroke-linecap="round"><path d="M64 96v26c0 16 20 16 20 2M116 96v26c0 16 20 16 20 2"/></g><circle cx="64" cy="79" r="5" fill="${c.light}"/><circle cx="116" cy="79" r="5" fill="${c.light}"/>`,
  },
  {
    words: /\b(?:chair|stool|bench|seat\b|table\b(?!.*(?:lantern|light|clock|spike)))/i,
    draw: (c) =>
      `<path d="M64 46h16v62H64zM64 56h60v12H64zM64 76h60v12H64z" fill="${c.dark}"/><path d="M116 46h16v62h-16z" fill="${c.dark}"/><path d="M56 104h88v16H56z" fill="${c.main}"/><path d="M62 120h10v36H62zM128 120h10v36h-10z" fill="${c.dark}"/>`,
  },
  {
    words: /\b(?:basket|hamper|crate|wicker)/i,
    draw: (c) =>
      `<path d="M62 92c0-58 76-58 76 0" fill="none" stroke="${c.dark}" stroke-width="7"/><path d="M44 90h112l-14 62H58z" fill="${c.main}"/><path d="M48 106h104M52 122h96M56 138h88" stroke="${c.dark}" stroke-width="4" stroke-dasharray="10 7"/><path d="M40 84h120v12H40z" fill="${c.dark}"/>`,
  },
  {
    words: /\b(?:parasol|umbrella)/i,
    draw: (c) =>
      `<path d="M100 52v88c0 16-22 16-22 0" fill="none" stroke="${c.dark}" stroke-width="6" stroke-linecap="round"/><path d="M34 104c0-38 30-62 66-62s66 24 66 62c-10-10-24-10-33 0-9-10-24-10-33 0-9-10-24-10-33 0-9-10-23-10-33 0z" fill="${c.main}"/><path d="M100 34v10" stroke="${c.dark}" stroke-width="6" stroke-linecap="round"/>`,
  },
  {
    words: /\b(?:plant|flower ?pot|pots?\b|grow|seed|herb|garden|trowel|cact)/i,
    draw: (c) =>
      `<path d="M100 100C96 70 74 56 56 56c0 24 16 42 44 44zM100 96c0-34 18-52 42-54 2 28-14 50-42 54z" fill="#6f9a63"/><path d="M100 104V78" stroke="#4f7647" stroke-width="5"/><path d="M62 100h76l-10 52H72z" fill="${c.main}"/><path d="M56 92h88v16H56z" fill="${c.dark}"/>`,
  },
  {
    words:
      /\b(?:bird ?house|bird ?box|dovecote|bird ?table|feeder|bird ?cage|shed\b|playhouse|hut\b)/i,
    draw: (c) =>
      `<path d="M58 88h84v60H58z" fill="${c.main}"/><path d="M44 92 100 44l56 48z" fill="${c.dark}"/><circle cx="100" cy="108" r="14" fill="#3c3538"/><path d="M100 130v12M92 148h16v14H92z" stroke="${c.dark}" stroke-width="6" fill="${c.dark}"/>`,
  },
  {
    words: /\b(?:thermometer|windmill|wind chime|chime|windsock)/i,
    draw: (c) =>
      `<path d="M98 96h6v60h-6z" fill="${c.dark}"/><g><path d="M100 96C70 96 58 74 66 52c16 4 34 18 34 44z" fill="${c.main}"/><path d="M100 96c0-30 22-42 44-34-4 16-18 34-44 34z" fill="${c.light}"/><path d="M100 96c30 0 42 22 34 44-16-4-34-18-34-44z" fill="${c.main}"/><path d="M100 96c0 30-22 42-44 34 4-16 18-34 44-34z" fill="${c.light}"/></g><circle cx="100" cy="96" r="7" fill="${c.accent}"/>`,
  },
  {
    words: /\b(?:soap|bath|shower|sponge|toilet|lip gloss|plaster|first aid)/i,
    draw: (c) =>
      `<rect x="46" y="92" width="108" height="52" rx="24" fill="${c.main}"/><rect x="62" y="106" width="76" height="22" rx="11" fill="${c.light}"/><g fill="${c.accent}" opacity=".75"><circle cx="70" cy="72" r="12"/><circle cx="96" cy="58" r="9"/><circle cx="118" cy="74" r="14"/><circle cx="144" cy="60" r="7"/></g>`,
  },
  {
    words: /\b(?:doorstop|trinket|keepsake|box(?:es)?\b|storage|letterbox)/i,
    draw: (c) =>
      `<path d="M48 92h104v58H48z" fill="${c.main}"/><path d="M42 70h116v24H42z" fill="${c.dark}"/><rect x="90" y="84" width="20" height="20" rx="4" fill="${c.accent}"/>`,
  },
];
