// The host: it compiles the guests, grants them rights, and starts them.

import { build, createRuntime, escapeControls, formatReport } from "isopod/node";

const [hello, counter] = await build(["guest/hello.ts", "guest/counter.ts"]);

// A guest can always send and receive. Everything else needs a grant; here, to log.
const runtime = createRuntime({
  grants: { log: true },
  onLog: (_pid, _level, text) => console.log(escapeControls(text)),
});

await runtime.exited(runtime.spawn(await runtime.load(hello), { args: "world" }));

runtime.define("counter", await runtime.load(counter));
runtime.supervise({
  children: [{ id: "counter", start: "counter", name: "counter" }],
  onReport: report => console.log(formatReport(report)),
});

for (const request of ["add 2", "add 3", "double", "get"]) {
  await runtime.call("counter", request).then(
    answer => console.log(request, "->", new TextDecoder().decode(answer)),
    error => console.log(request, "->", error.message),
  );
}

await runtime.stop();
