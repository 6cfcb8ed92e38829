/** What a JavaScript engine compiles of ours before the first script is evaluated: what most scripts use while they are loaded. */
export const WARM_UP = `
  import { send } from "isopod";
  class Shape { #side = 2; static of(...sides) { return new Shape(...sides); } get area() { return this.#side ** 2; } }
  const { area, ...others } = { area: Shape.of().area, name: "square", sides: [1, 2.5, -3n] };
  const words = \`\${area} \${JSON.stringify(others.name)}\`.split(" ").map((word, at) => word.replace(/[a-z]+/g, found => found + at));
  for (const [key, value] of new Map([["a", 1]])) words.push(key + value);
  for (let i = 0; i < 3; i++) { switch (i) { case 1: continue; default: try { null.x; } catch (error) { words.push(error.message); } } }
  function* numbers() { let n = 0; while (n < 3) yield n++; }
  const sorted = [...numbers(), 9, 4].sort((a, b) => b - a).filter(n => n % 2 === 0).reduce((sum, n) => sum + n, 0);
  async function later(value) { return (await value) ?? sorted; }
  later(JSON.parse('{"a":[1,true,null]}')).then(() => new Set(words).size, () => undefined);
  export const warm = (a, b = {}) => [typeof send, a?.b, b, parseInt("12", 10), Math.max(1, 2), new Date(0).getTime()];
`;
