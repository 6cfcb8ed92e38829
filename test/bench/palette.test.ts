/**
 * The colours of the report, as readers see them who are blind to red, green or blue: simulated
 * with the matrices of Machado, Oliveira and Fernandes (2009), and compared in OKLab, where equal
 * distances look equally different.
 */
import { expect, test } from "vitest";
import { peerNames } from "../../bench/harness/peers.ts";
import { grounds, palette } from "../../bench/report/palette.ts";

type Triple = readonly [number, number, number];
type Matrix = readonly [Triple, Triple, Triple];

const eyes: Readonly<Record<string, Matrix>> = {
  "who sees all colours": [
    [1, 0, 0],
    [0, 1, 0],
    [0, 0, 1],
  ],
  "with protanopia": [
    [0.152286, 1.052583, -0.204868],
    [0.114503, 0.786281, 0.099216],
    [-0.003882, -0.048116, 1.051998],
  ],
  "with deuteranopia": [
    [0.367322, 0.860646, -0.227968],
    [0.280085, 0.672501, 0.047413],
    [-0.01182, 0.04294, 0.968881],
  ],
  "with tritanopia": [
    [1.255528, -0.076749, -0.178779],
    [-0.078411, 0.930809, 0.147602],
    [0.004733, 0.691367, 0.3039],
  ],
};

/** The least distance of two colours. About 0.02 can just be seen side by side. */
const LEAST_DISTANCE = 0.1;
/** The least contrast of a shape and its ground that WCAG 2.2 asks for (1.4.11). */
const LEAST_CONTRAST = 3;

function times(matrix: Matrix, [x, y, z]: Triple): Triple {
  const [a, b, c] = matrix.map(([p, q, r]) => p * x + q * y + r * z);
  return [a, b, c];
}

/** `#rrggbb` as linear light from 0 to 1. */
function linear(hex: string): Triple {
  const [r, g, b] = [1, 3, 5].map(at => {
    const value = Number.parseInt(hex.slice(at, at + 2), 16) / 255;
    return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  });
  return [r, g, b];
}

function okLab(light: Triple): Triple {
  const [r, g, b] = light.map(value => Math.min(1, Math.max(0, value)));
  const cones = times(
    [
      [0.4122214708, 0.5363325363, 0.0514459929],
      [0.2119034982, 0.6806995451, 0.1073969566],
      [0.0883024619, 0.2817188376, 0.6299787005],
    ],
    [r, g, b],
  );
  const [l, m, s] = cones.map(Math.cbrt);
  return times(
    [
      [0.2104542553, 0.793617785, -0.0040720468],
      [1.9779984951, -2.428592205, 0.4505937099],
      [0.0259040371, 0.7827717662, -0.808675766],
    ],
    [l, m, s],
  );
}

function distance(eye: Matrix, one: string, other: string): number {
  const [a, b] = [one, other].map(hex => okLab(times(eye, linear(hex))));
  return Math.hypot(...a.map((value, i) => value - b[i]));
}

function contrast(one: string, other: string): number {
  const [darker, lighter] = [one, other]
    .map(linear)
    .map(([r, g, b]) => 0.2126 * r + 0.7152 * g + 0.0722 * b)
    .sort((a, b) => a - b);
  return (lighter + 0.05) / (darker + 0.05);
}

const schemes = ["light", "dark"] as const;
const names = Object.keys(palette);

test("red and green look alike to one with deuteranopia, so the simulation can fail", () => {
  const [redGreen, blueYellow] = [
    ["#a85a32", "#76701d"],
    ["#0000ff", "#ffff00"],
  ].map(([one, other]) => distance(eyes["with deuteranopia"], one, other));
  expect(redGreen).toBeLessThan(LEAST_DISTANCE);
  expect(blueYellow).toBeGreaterThan(5 * LEAST_DISTANCE);
});

test.each(schemes.flatMap(scheme => Object.keys(eyes).map(eye => [scheme, eye] as const)))(
  "no two colours of the %s palette look alike to a reader %s",
  (scheme, eye) => {
    const alike = names.flatMap((one, i) =>
      names
        .slice(i + 1)
        .map(other => ({ one, other, apart: distance(eyes[eye], palette[one][scheme], palette[other][scheme]) }))
        .filter(({ apart }) => apart < LEAST_DISTANCE),
    );
    expect(alike).toEqual([]);
  },
);

test.each(schemes)("every colour stands out from the page and from a card, %s", scheme => {
  const faint = names.flatMap(name =>
    Object.values(grounds[scheme]).filter(ground => contrast(palette[name][scheme], ground) < LEAST_CONTRAST),
  );
  expect(faint).toEqual([]);
});

test("every contestant has a look, and no two have the same shape", () => {
  expect(names).toEqual(expect.arrayContaining(["isopod handler", "isopod process", "isopod jspi", ...peerNames]));
  expect(new Set(Object.values(palette).map(({ shape }) => shape)).size).toBe(names.length);
});
