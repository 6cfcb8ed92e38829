/**
 * What each contestant looks like, the same in all plots.
 *
 * Guarantee: two contestants differ in their shape, and in their colour also for readers who are
 * blind to red, green or blue. test/bench/palette.test.ts simulates all pairs.
 */
/** Drawn by plot/shape.ts. */
export type Shape = "bar" | "circle" | "cross" | "diamond" | "plus" | "ring" | "square" | "triangle" | "wedge";

export interface Look {
  /** On a light ground. */
  readonly light: string;
  /** On a dark ground. */
  readonly dark: string;
  readonly shape: Shape;
}

/** By the names of the contestants. Isopod's styles share a hue. */
export const palette: Readonly<Record<string, Look>> = {
  "isopod handler": { light: "#60049a", dark: "#7ea6ff", shape: "circle" },
  "isopod process": { light: "#605fef", dark: "#6074e1", shape: "ring" },
  "isopod jspi": { light: "#7955a0", dark: "#7d6699", shape: "bar" },
  erlang: { light: "#bb055b", dark: "#c5402f", shape: "square" },
  go: { light: "#0396cd", dark: "#88fffe", shape: "triangle" },
  rust: { light: "#d96504", dark: "#f49b29", shape: "diamond" },
  nact: { light: "#005b02", dark: "#e0f480", shape: "cross" },
  "empty mailbox": { light: "#8b877d", dark: "#c3bab7", shape: "plus" },
  memcpy: { light: "#24292e", dark: "#979184", shape: "wedge" },
};

/** The grounds that the colours are seen on: that of the page, and that of a card. */
export const grounds = {
  light: { page: "#ffffff", card: "#f6f7f9" },
  dark: { page: "#131418", card: "#1b1d23" },
} as const;
