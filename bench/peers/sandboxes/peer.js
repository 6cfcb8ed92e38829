/** Sandboxes for JavaScript, with the protocol of ../README.md. The first argument names the sandbox. */
import { createInterface } from "node:readline";
import { products } from "./products.js";
import { scriptCall, scriptLife, scriptLimit, scriptLoad, scriptMemory } from "./scripts.js";

const scenarios = {
  "script-call": [scriptCall, { calls: 20_000 }],
  "script-load": [scriptLoad, { scripts: 20 }],
  "script-life": [scriptLife, { lives: 100 }],
  "script-memory": [scriptMemory, { scripts: 100 }],
  "script-limit": [scriptLimit, { loops: 1 }],
};

function settingsOf(defaults, texts) {
  const given = Object.fromEntries(texts.map(text => text.split("=")));
  const unknown = Object.keys(given).find(key => !Object.hasOwn(defaults, key));
  if (unknown !== undefined) throw new Error(`${unknown} is no parameter; --list prints those that there are`);
  return { ...defaults, ...Object.fromEntries(Object.entries(given).map(([key, text]) => [key, Number(text)])) };
}

async function main([product, name, ...settings]) {
  if (!Object.hasOwn(products, product)) throw new Error(`there is no sandbox ${product}`);
  if (name === "--list") {
    for (const [scenario, [, parameters]] of Object.entries(scenarios)) {
      console.log(JSON.stringify({ scenario, parameters }));
    }
    return;
  }
  if (!Object.hasOwn(scenarios, name))
    throw new Error(`there is no scenario ${name}; --list prints those that there are`);
  const [run, defaults] = scenarios[name];
  const parameters = settingsOf(defaults, settings);
  const sandbox = await products[product]();
  for await (const line of createInterface({ input: process.stdin })) {
    if (line !== "round") throw new Error(`stdin: expected "round", not ${JSON.stringify(line)}`);
    const played = await run(sandbox, parameters);
    if (played.check !== played.operations) {
      throw new Error(`${name}: ${played.operations} operations, but ${played.check} were counted`);
    }
    console.log(JSON.stringify({ scenario: name, ...played }));
  }
}

try {
  await main(process.argv.slice(2));
  process.exit(0);
} catch (error) {
  console.error(error.message);
  process.exit(1);
}
