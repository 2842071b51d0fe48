export const FAREWELL = 'goodbye';
