/**
 * The sandboxes. Each loads a script that sets functions on its global object, calls them, and has what it
 * has for scripts that begin anew (`template`) and that wait (`park`).
 */
import { readFile } from "node:fs/promises";
import { Worker } from "node:worker_threads";

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
    vm.evalCode(source).dispose();
    return scriptOf(vm, begin);
  };
  return {
    load,
    async template(source) {
      const vm = await QuickJS.create({ wasm });
      vm.evalCode(source).dispose();
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
    vm.unwrapResult(vm.evalCode(source)).dispose();
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
    const worker = new Worker(code, { eval: true, workerData: source });
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

export const products = { "quickjs-wasi": quickjsWasi, "quickjs-emscripten": quickjsEmscripten, "vm-worker": vmWorker };
