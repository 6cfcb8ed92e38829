/** Savina's generator of pseudo-random numbers, so that every language has the same ones: from 0 to 65535. */
export const nextRandom = value => (value * 1309 + 13849) & 65535;
