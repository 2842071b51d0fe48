import type { Shape } from './shape.js';

const tree = (main: string, dark: string): string =>
  `<path d="M92 138h16v18H92z" fill="#8a6246"/><path d="m100 36 30 40h-14l26 34h-16l24 30H50l24-30H58l26-34H70z" fill="${main}"/><circle cx="92" cy="84" r="5" fill="${dark}"/><circle cx="112" cy="108" r="5" fill="${dark}"/><circle cx="84" cy="124" r="5" fill="${dark}"/>`;

/** What a thing shows, for titles that name no thing: seasons, animals, hearts and flowers. */
export const decorShapes: readonly Shape[] = [
  {
    words: /\b(?:bauble|glass ball|ceramic ball)/i,
    draw: (c) =>
      `<path d="M92 44h16v14H92z" fill="${c.dark}"/><path d="M100 44V26" stroke="${c.dark}" stroke-width="3"/><circle cx="100" cy="104" r="48" fill="${c.main}"/><path d="M54 96c28 14 64 14 92 0" fill="none" stroke="${c.light}" stroke-width="6"/><ellipse cx="80" cy="82" rx="8" ry="13" fill="#fff" opacity=".5"/>`,
  },
  { words: /\b(?:christmas tree|feather tree|trees?\b)/i, draw: (c) => tree(c.main, c.accent) },
  {
    words: /\b(?:snowflake|icicle|snowy|winter)/i,
    draw: (c) =>
      `<g fill="none" stroke="${c.main}" stroke-width="8" stroke-linecap="round"><path d="M100 44v116M50 73l100 58M150 73 50 131"/><path d="m86 58 14 12 14-12M86 146l14-12 14 12M52 94l18-6-4-18M148 110l-18 6 4 18M148 94l-18-6 4-18M52 110l18 6-4 18" stroke-width="6"/></g>`,
  },
  {
    words: /\b(?:wreath)/i,
    draw: (c) =>
      `<circle cx="100" cy="100" r="44" fill="none" stroke="#6f9a63" stroke-width="22"/><circle cx="100" cy="100" r="44" fill="none" stroke="#4f7647" stroke-width="22" stroke-dasharray="5 13"/><g fill="${c.main}"><circle cx="66" cy="74" r="7"/><circle cx="142" cy="88" r="7"/><circle cx="118" cy="60" r="7"/><circle cx="60" cy="116" r="7"/></g><path d="M100 142c-14-12-32-6-26 6 4 7 16 4 26-6 10 10 22 13 26 6 6-12-12-18-26-6z" fill="${c.accent}"/>`,
  },
  {
    words: /\b(?:angel|fairy|cherub)/i,
    draw: (c) =>
      `<ellipse cx="100" cy="44" rx="18" ry="5" fill="none" stroke="#d9b24c" stroke-width="4"/><path d="M92 92C62 60 36 78 44 110c12 8 34 4 48-12zM108 92c30-32 56-14 48 18-12 8-34 4-48-12z" fill="${c.light}" stroke="${c.dark}" stroke-width="2"/><path d="M100 80c18 20 28 48 30 72H70c2-24 12-52 30-72z" fill="${c.main}"/><circle cx="100" cy="70" r="17" fill="#f2d5bd"/>`,
  },
  {
    words: /\b(?:hearts?\b|sweetheart|love)/i,
    draw: (c) =>
      `<path d="M100 52V34" stroke="${c.dark}" stroke-width="4"/><path d="m100 152-46-48a31 31 0 0 1 46-41 31 31 0 0 1 46 41z" fill="${c.main}"/><path d="M70 82c4-8 12-11 18-10" fill="none" stroke="#fff" stroke-width="5" stroke-linecap="round" opacity=".55"/>`,
  },
  {
    words: /\b(?:butterfl|dragonfly|ladybird|bee\b)/i,
    draw: (c) =>
      `<path d="M98 98C74 50 36 56 44 84c4 16 26 22 54 14zM102 98c24-48 62-42 54-14-4 16-26 22-54 14z" fill="${c.main}"/><path d="M98 102c-28 4-40 20-32 34 10 14 28-4 32-34zM102 102c28 4 40 20 32 34-10 14-28-4-32-34z" fill="${c.accent}"/><path d="M100 78v64" stroke="${c.dark}" stroke-width="7" stroke-linecap="round"/><path d="M100 78c-4-14-10-18-16-20M100 78c4-14 10-18 16-20" fill="none" stroke="${c.dark}" stroke-width="3"/>`,
  },
  {
    words: /\b(?:rabbit|bunn(?:y|ies)|hare\b|mouse|mice)/i,
    draw: (c) =>
      `<path d="M84 74C72 34 76 24 86 28s14 26 14 42zM116 74c12-40 8-50-2-46s-14 26-14 42z" fill="${c.dark}"/><circle cx="100" cy="90" r="32" fill="${c.main}"/><ellipse cx="100" cy="136" rx="34" ry="22" fill="${c.main}"/><circle cx="89" cy="86" r="4" fill="#3c3538"/><circle cx="111" cy="86" r="4" fill="#3c3538"/><path d="m95 98 5 5 5-5z" fill="${c.accent}"/>`,
  },
  {
    words: /\b(?:bird|dove|owl|duck|goose|robin|canary|swallow|feather|peacock|flamingo)/i,
    draw: (c) =>
      `<path d="M44 100c0-30 26-46 54-46 20 0 34 10 38 26l22 8-20 8c-2 30-26 46-52 46-26 0-42-18-42-42z" fill="${c.main}"/><path d="M66 96c20-10 44-4 50 14-18 18-44 12-50-14z" fill="${c.dark}"/><circle cx="118" cy="78" r="5" fill="#3c3538"/><path d="m44 104-20 22 34 2z" fill="${c.dark}"/><path d="M88 140v16M104 138v18" stroke="${c.dark}" stroke-width="5"/>`,
  },
  {
    words:
      /\b(?:cats?\b|kitten|dogs?\b|scottie|poodle|puppies|animal|elephant|frog|pig\b|sheep|horse|snail|gecko|lizard|dinosaur)/i,
    draw: (c) =>
      `<path d="m66 84-6-40 26 18M134 84l6-40-26 18" fill="${c.dark}"/><circle cx="100" cy="98" r="44" fill="${c.main}"/><circle cx="84" cy="92" r="5.5" fill="#3c3538"/><circle cx="116" cy="92" r="5.5" fill="#3c3538"/><path d="m94 106 6 6 6-6z" fill="${c.accent}"/><path d="M100 112c-2 10-14 10-16 4M100 112c2 10 14 10 16 4" fill="none" stroke="#3c3538" stroke-width="3"/>`,
  },
  {
    words: /\b(?:stars?\b|moon)/i,
    draw: (c) =>
      `<path d="m100 40 18 38 42 5-31 29 8 41-37-20-37 20 8-41-31-29 42-5z" fill="${c.main}" stroke="${c.dark}" stroke-width="4" stroke-linejoin="round"/>`,
  },
  {
    words:
      /\b(?:flower|rose|daisy|lily|poppy|tulip|hydrangea|blossom|anemone|foxglove|allium|delphinium|posy|orchid)/i,
    draw: (c) =>
      `<path d="M100 100v56" stroke="#4f7647" stroke-width="6"/><path d="M100 140c-6-20-26-22-38-18 4 16 22 24 38 18z" fill="#6f9a63"/><g fill="${c.main}"><circle cx="100" cy="58" r="20"/><circle cx="127" cy="78" r="20"/><circle cx="117" cy="110" r="20"/><circle cx="83" cy="110" r="20"/><circle cx="73" cy="78" r="20"/></g><circle cx="100" cy="87" r="17" fill="${c.accent}"/>`,
  },
  {
    words: /\b(?:bells?\b|jingle)/i,
    draw: (c) =>
      `<path d="M100 46c28 0 38 24 38 50v22l12 16H50l12-16V96c0-26 10-50 38-50z" fill="${c.main}"/><circle cx="100" cy="144" r="11" fill="${c.dark}"/><circle cx="100" cy="42" r="8" fill="${c.dark}"/><path d="M76 88c0-14 6-24 14-28" fill="none" stroke="#fff" stroke-width="5" stroke-linecap="round" opacity=".5"/>`,
  },
  {
    words: /\b(?:mushroom|toadstool)/i,
    draw: (c) =>
      `<path d="M86 100h28c0 24 6 40 12 52H74c6-12 12-28 12-52z" fill="#fbf1df"/><path d="M38 106c0-38 28-60 62-60s62 22 62 60z" fill="${c.main}"/><g fill="#fffdf8"><circle cx="76" cy="82" r="9"/><circle cx="112" cy="68" r="8"/><circle cx="132" cy="92" r="8"/><circle cx="98" cy="94" r="6"/></g>`,
  },
  {
    words: /\b(?:apple|pear\b|fruit|strawberr|cherr|pumpkin|orange\b)/i,
    draw: (c) =>
      `<path d="M100 70c18-16 52-6 48 34-2 26-22 52-38 46-6-2-14-2-20 0-16 6-36-20-38-46-4-40 30-50 48-34z" fill="${c.main}"/><path d="M100 70c0-14 4-22 12-28" fill="none" stroke="#6b4a35" stroke-width="6" stroke-linecap="round"/><path d="M112 54c10-14 26-12 32-8-4 12-20 18-32 8z" fill="#6f9a63"/>`,
  },
];
