// The host: it compiles the guests, grants them rights, and starts them.

import { build, createRuntime, escapeControls, formatReport } from "isopod/node";

// A guest can always send and receive. Everything else needs a grant; here, to log.
const runtime = createRuntime({
  grants: { log: true },
  onLog: (_pid, _level, text) => console.log(escapeControls(text)),
});

const hello = await runtime.load(build("guest/hello.ts"));
await runtime.exited(runtime.spawn(hello, { args: "world" }));

runtime.define("counter", await runtime.load(build("guest/counter.ts")));
runtime.supervise({
  children: [{ id: "counter", start: "counter", name: "counter" }],
  onReport: report => console.log(formatReport(report)),
});

for (const request of ["add 2", "add 3", "double", "get"]) {
  await runtime.callText("counter", request).then(
    answer => console.log(request, "->", answer),
    error => console.log(request, "->", error.message),
  );
}

await runtime.stop();
