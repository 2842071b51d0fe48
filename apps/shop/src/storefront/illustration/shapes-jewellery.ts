import type { Shape } from './shape.js';

/** Things to wear. */
export const jewelleryShapes: readonly Shape[] = [
  {
    words: /\b(?:necklace|pendant|choker|lariat|garland necklace)/i,
    draw: (c) =>
      `<path d="M56 46c-10 60 18 88 44 88s54-28 44-88" fill="none" stroke="${c.dark}" stroke-width="4"/><g fill="${c.main}"><circle cx="60" cy="88" r="8"/><circle cx="72" cy="112" r="9"/><circle cx="128" cy="112" r="9"/><circle cx="140" cy="88" r="8"/></g><circle cx="100" cy="132" r="17" fill="${c.accent}"/><circle cx="95" cy="127" r="5" fill="#fff" opacity=".6"/>`,
  },
  {
    words: /\b(?:earring)/i,
    draw: (c) =>
      `<path d="M72 50c0-14 16-14 16 0v12M112 50c0-14 16-14 16 0v12" fill="none" stroke="${c.dark}" stroke-width="4"/><circle cx="88" cy="72" r="9" fill="${c.accent}"/><circle cx="128" cy="72" r="9" fill="${c.accent}"/><path d="M88 84c14 22 20 34 20 44a20 20 0 0 1-40 0c0-10 6-22 20-44zM128 84c14 22 20 34 20 44a20 20 0 0 1-40 0c0-10 6-22 20-44z" fill="${c.main}" stroke="${c.light}" stroke-width="2"/>`,
  },
  {
    words: /\b(?:bracelet|bangle)/i,
    draw: (c) =>
      `<ellipse cx="100" cy="102" rx="54" ry="42" fill="none" stroke="${c.dark}" stroke-width="4"/><g fill="${c.main}"><circle cx="100" cy="144" r="12"/><circle cx="74" cy="139" r="11"/><circle cx="126" cy="139" r="11"/><circle cx="52" cy="122" r="10"/><circle cx="148" cy="122" r="10"/></g><g fill="${c.accent}"><circle cx="48" cy="96" r="8"/><circle cx="152" cy="96" r="8"/><circle cx="66" cy="72" r="7"/><circle cx="134" cy="72" r="7"/><circle cx="100" cy="60" r="7"/></g>`,
  },
  {
    words: /\b(?:rings?\b(?!.*(?:key|napkin))|brooch|badge|jewel(?!led))/i,
    draw: (c) =>
      `<circle cx="100" cy="116" r="36" fill="none" stroke="${c.dark}" stroke-width="9"/><path d="m72 62 14-18h28l14 18-28 28z" fill="${c.main}"/><path d="M72 62h56M86 44l14 46 14-46" fill="none" stroke="${c.light}" stroke-width="3"/>`,
  },
  {
    words:
      /\b(?:hair|charm|tiara|scarf|glove|sock|slipper|fan\b|poncho|sunglasses|hand warmer|hat\b)/i,
    draw: (c) =>
      `<path d="M100 98C76 66 48 66 48 94s28 34 52 6c24 28 52 22 52-6s-28-28-52 4z" fill="${c.main}"/><circle cx="100" cy="99" r="13" fill="${c.dark}"/><path d="M92 112 76 150M108 112l16 38" stroke="${c.main}" stroke-width="13" stroke-linecap="round"/>`,
  },
];
