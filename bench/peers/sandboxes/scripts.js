/** The scenarios of scripts, for any sandbox: `products.js` has the sandboxes. */

/** A script: a statement, and functions by name. Each sandbox makes of it what it loads. */
const counting = { begin: "let count = 0;", functions: { add: "(a, b) => { count++; return a + b; }" } };
const hanging = { begin: "", functions: { hang: "() => (new Array(3e8) + '').length" } };
const LIMIT_MS = 100;
let firstRss;

/** The host calls a function of one script, and waits for each result. */
export async function scriptCall(product, { calls }) {
  const script = await product.load(counting);
  let check = 0;
  const beganMs = performance.now();
  for (let i = 0; i < calls; i++) if ((await script.call("add", i, 2)) === i + 2) check++;
  const elapsedMs = performance.now() - beganMs;
  await script.end();
  return { operations: calls, elapsedMs, check };
}

/** Scripts are loaded until their functions can be called. */
export async function scriptLoad(product, { scripts }) {
  const loaded = [];
  const beganMs = performance.now();
  for (let i = 0; i < scripts; i++)
    loaded.push(await product.load({ ...counting, functions: { which: `() => ${i}` } }));
  const elapsedMs = performance.now() - beganMs;
  let check = 0;
  for (const [i, script] of loaded.entries()) {
    if ((await script.call("which")) === i) check++;
    await script.end();
  }
  return { operations: scripts, elapsedMs, check };
}

/** A script that is loaded already begins anew, is called once, and ends. */
export async function scriptLife(product, { lives }) {
  const template = await product.template(counting);
  let check = 0;
  const beganMs = performance.now();
  for (let i = 0; i < lives; i++) {
    const script = await template.begin();
    if ((await script.call("add", i, 1)) === i + 1) check++;
    await script.end();
  }
  const elapsedMs = performance.now() - beganMs;
  await template.end();
  return { operations: lives, elapsedMs, check };
}

/** Scripts that wait, each with a state of its own. */
export async function scriptMemory(product, { scripts }) {
  const template = await product.template(counting);
  globalThis.gc();
  // An engine that keeps what a round has used would seem to need less in the next one.
  firstRss ??= process.memoryUsage.rss();
  const waiting = [];
  const beganMs = performance.now();
  for (let i = 0; i < scripts; i++) {
    const script = await template.begin();
    await script.call("add", i, 1);
    waiting.push(await script.park());
  }
  const elapsedMs = performance.now() - beganMs;
  globalThis.gc();
  const bytesEach = Math.max(0, Math.round((process.memoryUsage.rss() - firstRss) / scripts));
  let check = 0;
  for (const parked of waiting) {
    const script = await parked.wake();
    if ((await script.call("add", 1, 1)) === 2) check++;
    await script.end();
  }
  await template.end();
  return { operations: scripts, elapsedMs, check, bytesEach };
}

/** A loop inside of the engine, in a script that may run for 100 ms. */
export async function scriptLimit(product) {
  const script = await product.load(hanging, LIMIT_MS);
  const beganMs = performance.now();
  await script.call("hang").catch(() => undefined);
  const elapsedMs = performance.now() - beganMs;
  await script.end();
  return { operations: 1, elapsedMs, check: 1 };
}
