import type { Palette } from './palette.js';

/** One drawing, on a paper of 200 by 200, and the words of a title that ask for it. */
export interface Shape {
  readonly words: RegExp;
  readonly draw: (palette: Palette) => string;
}
