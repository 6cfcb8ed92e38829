/** `isopod replay`: plays the recording of a crash. */
import { type Command, UsageError } from "../command.ts";
import { relaunch } from "../relaunch.ts";
import { replayFile } from "../replay/session.ts";

const options: Command["options"] = {
  to: { type: "string" },
  step: { type: "boolean" },
  json: { type: "boolean" },
  inspect: { type: "boolean" },
  port: { type: "string" },
  module: { type: "string" },
  trusted: { type: "boolean" },
};

export const replay: Command = {
  name: "replay",
  help: `Plays the recording of an actor that has crashed: the same items, in the same
turns, with the same answers. It ends in the same crash, with the same bytes in
memory.

Usage: isopod replay <file.isopod> [options]

isopod run --record DIR makes such files, and so does the option record of
createRuntime.

Options:
  --to N          stops before item N + 1, counted from the actor's beginning
  --step          tells each item that came, and each call that the actor made
  --json          one JSON object a line on stdout, and nothing else
  --inspect       waits for Chrome DevTools (chrome://inspect), which stops in the
                  sources of the guest
  --port N        the port of the inspector; default 9229
  --module FILE   the module, if the recording does not hold it
  --trusted       the module was built by isopod build --trusted, and you trust
                  whoever has made the recording
  -h, --help      prints this

Exit code: 0 if the crash and the memory are the same, or if --to has stopped before;
1 if they differ, or if the file cannot be played; 2 if the command line is wrong.
`,
  options,
  async run(given) {
    const [path, ...more] = given.positionals;
    if (path === undefined) throw new UsageError("which recording? Name an .isopod file");
    if (more.length > 0) throw new UsageError(`one recording at a time, and not also ${more[0]}`);
    const to = given.has("to") ? given.whole("to", 0, 0, 2 ** 31) : undefined;
    if (given.has("port") && !given.has("inspect")) throw new UsageError("--port is the port of --inspect");
    const port = given.whole("port", 9229, 0, 65_535);
    const code = await relaunch();
    if (code !== undefined) return code;
    return replayFile(path, {
      to,
      tellsSteps: given.has("step"),
      isJson: given.has("json"),
      module: given.text("module"),
      isTrusted: given.has("trusted"),
      inspectorPort: given.has("inspect") ? port : undefined,
    });
  },
};
