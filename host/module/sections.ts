/** The sections of a WebAssembly binary and the kinds of what modules import and export, by the numbers that stand for them. */

export const Section = {
  custom: 0,
  type: 1,
  import: 2,
  function: 3,
  table: 4,
  memory: 5,
  global: 6,
  export: 7,
  start: 8,
  element: 9,
  code: 10,
  data: 11,
  dataCount: 12,
  tag: 13,
} as const;

/** The order in which they stand. Custom ones stand anywhere. */
export const SECTION_ORDER = [1, 2, 3, 4, 5, 13, 6, 7, 8, 9, 12, 10, 11];

export const Kind = { function: 0, table: 1, memory: 2, global: 3, tag: 4 } as const;
