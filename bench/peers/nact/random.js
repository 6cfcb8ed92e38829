/** Savina's generator of pseudo-random numbers from 0 to 65535. Every language has the same numbers. */
export const nextRandom = value => (value * 1309 + 13849) & 65535;
