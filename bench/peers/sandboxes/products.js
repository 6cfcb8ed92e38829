/**
 * The sandboxes. Each loads a script that sets functions on its global object, calls them, and has what it
 * has for scripts that begin anew (`template`) and that wait (`park`).
 */
import { readFile } from "node:fs/promises";
import { Worker } from "node:worker_threads";

/** A script whose functions are properties of the global object. */
const withGlobals = ({ begin, functions }) =>
  begin +
  Object.entries(functions)
    .map(([name, code]) => `globalThis.${name} = ${code};`)
    .join("");

async function quickjsWasi() {
  const { QuickJS } = await import("quickjs-wasi");
  const bytes = await readFile(new URL(import.meta.resolve("quickjs-wasi/quickjs.wasm")));
  const wasm = await WebAssembly.compile(bytes);
  const options = limitMs => {
    let endMs = Number.POSITIVE_INFINITY;
    return {
      begin: () => {
        endMs = limitMs === undefined ? endMs : Date.now() + limitMs;
      },
      wasm,
      interruptHandler: limitMs === undefined ? undefined : () => Date.now() > endMs,
    };
  };
  const scriptOf = (vm, begin = () => undefined) => ({
    async call(name, ...args) {
      begin();
      const handles = args.map(value => vm.newNumber(value));
      const called = vm.global.getProp(name);
      try {
        return vm.callFunction(called, vm.undefined, ...handles).consume(result => result.toNumber());
      } finally {
        called.dispose();
        for (const handle of handles) handle.dispose();
      }
    },
    async park() {
      const snapshot = vm.snapshot();
      vm.dispose();
      return { wake: async () => scriptOf(await QuickJS.restore(snapshot, { wasm })) };
    },
    async end() {
      vm.dispose();
    },
  });
  const load = async (source, limitMs) => {
    const { begin, ...given } = options(limitMs);
    const vm = await QuickJS.create(given);
    vm.evalCode(withGlobals(source)).dispose();
    return scriptOf(vm, begin);
  };
  return {
    load,
    async template(source) {
      const vm = await QuickJS.create({ wasm });
      vm.evalCode(withGlobals(source)).dispose();
      const snapshot = vm.snapshot();
      vm.dispose();
      return { begin: async () => scriptOf(await QuickJS.restore(snapshot, { wasm })), end: async () => undefined };
    },
  };
}

async function quickjsEmscripten() {
  const { getQuickJS } = await import("quickjs-emscripten");
  const quickjs = await getQuickJS();
  const load = async (source, limitMs) => {
    const runtime = quickjs.newRuntime();
    let endMs = Number.POSITIVE_INFINITY;
    if (limitMs !== undefined) runtime.setInterruptHandler(() => Date.now() > endMs);
    const vm = runtime.newContext();
    vm.unwrapResult(vm.evalCode(withGlobals(source))).dispose();
    const script = {
      async call(name, ...args) {
        if (limitMs !== undefined) endMs = Date.now() + limitMs;
        const handles = args.map(value => vm.newNumber(value));
        const called = vm.getProp(vm.global, name);
        try {
          const result = vm.unwrapResult(vm.callFunction(called, vm.undefined, ...handles));
          const value = vm.getNumber(result);
          result.dispose();
          return value;
        } finally {
          called.dispose();
          for (const handle of handles) handle.dispose();
        }
      },
      // It has no snapshots: a script that waits keeps its context.
      park: async () => ({ wake: async () => script }),
      async end() {
        vm.dispose();
        runtime.dispose();
      },
    };
    return script;
  };
  return { load, template: async source => ({ begin: () => load(source), end: async () => undefined }) };
}

/** A context of `vm` in a thread of its own, which is ended from outside. */
async function vmWorker() {
  const code = `
    const { parentPort, workerData } = require("node:worker_threads");
    const vm = require("node:vm");
    const context = vm.createContext({});
    vm.runInContext(workerData, context);
    parentPort.on("message", ([name, args]) => parentPort.postMessage(context[name](...args)));
    parentPort.postMessage("ready");`;
  const load = async (source, limitMs) => {
    const worker = new Worker(code, { eval: true, workerData: withGlobals(source) });
    const next = () =>
      new Promise((resolve, reject) => {
        worker.once("message", resolve);
        worker.once("exit", () => reject(new Error("the worker has ended")));
      });
    await next();
    const script = {
      async call(name, ...args) {
        worker.removeAllListeners("exit");
        const answer = next();
        worker.postMessage([name, args]);
        if (limitMs === undefined) return answer;
        const timer = setTimeout(() => worker.terminate(), limitMs);
        return answer.finally(() => clearTimeout(timer));
      },
      park: async () => ({ wake: async () => script }),
      async end() {
        worker.removeAllListeners("exit");
        await worker.terminate();
      },
    };
    return script;
  };
  return { load, template: async source => ({ begin: () => load(source), end: async () => undefined }) };
}

/** isopod, from the sources beside this folder. */
async function isopod() {
  const { loadScript } = await import("../../../host/js/index.ts");
  const { createRuntime } = await import("../../../host/node/index.ts");
  const { cbor } = await import("../../../host/adapters/codec.ts");
  const runtime = createRuntime({ quiet: true });
  const withExports = ({ begin, functions }) =>
    begin +
    Object.entries(functions)
      .map(([name, code]) => `export const ${name} = ${code};`)
      .join("");
  const scriptOf = (module, limitMs) => {
    const pid = runtime.spawn(module, limitMs === undefined ? {} : { limits: { turnMs: limitMs } });
    const client = runtime.client(pid, cbor, { timeoutMs: Number.POSITIVE_INFINITY });
    const script = {
      call: (name, ...args) => client[name](...args),
      async park() {
        runtime.hibernate(pid);
        return { wake: async () => script };
      },
      async end() {
        runtime.kill(pid);
      },
    };
    return script;
  };
  return {
    load: async (source, limitMs) => scriptOf(await loadScript(runtime, withExports(source)), limitMs),
    async template(source) {
      const module = await loadScript(runtime, withExports(source));
      return { begin: async () => scriptOf(module), end: async () => runtime.unload(module) };
    },
  };
}

export const products = {
  isopod,
  "quickjs-wasi": quickjsWasi,
  "quickjs-emscripten": quickjsEmscripten,
  "vm-worker": vmWorker,
};
