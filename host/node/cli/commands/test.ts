/** `isopod test`: runs the tests of guests in the ordinary order, and then in the orders of seeds. */
import { type Arguments, type Command, UsageError } from "../command.ts";
import { COMPILE_OPTIONS } from "../compile-options.ts";
import { relaunch } from "../relaunch.ts";
import { definitionsOf } from "../run/options.ts";
import type { TestOptions } from "../test/options.ts";
import { runTests } from "../test/session.ts";
import { watchTests } from "../test/watch.ts";

const options: Command["options"] = {
  seeds: { type: "string" },
  first: { type: "string" },
  only: { type: "string", multiple: true },
  kill: { type: "string", multiple: true },
  kills: { type: "string" },
  steps: { type: "string" },
  delay: { type: "string" },
  preempt: { type: "string" },
  choices: { type: "string" },
  define: { type: "string", multiple: true },
  imports: { type: "string" },
  json: { type: "boolean" },
  watch: { type: "boolean" },
  park: COMPILE_OPTIONS.park,
  transform: COMPILE_OPTIONS.transform,
  enable: COMPILE_OPTIONS.enable,
  stack: COMPILE_OPTIONS.stack,
};

export const test: Command = {
  name: "test",
  help: `Runs the tests of guests: each exported function whose name begins with "test".
A test is an actor. It passes if it ends normally.

Usage: isopod test <guest.ts | guest.js…> [options]

Each test is run in the ordinary order first, and then in the orders of seeds:
messages of different senders arrive in any order, actors have their turns in any
order, timeouts may come early, and chosen actors may be killed. A test fails if
any actor crashes, if nobody can act although the test has not ended, or if it goes
on for too long. What has failed is made as small as possible, and told step by
step, with the command that plays it again.

Guests are spawned by the names of their files without what follows the first dot:
those of bank.test.ts as "bank".

Options:
  --seeds N       orders that are tried after the ordinary one; default 1000
  --first N       the first seed; default 1
  --only NAME     runs this test only; may be given several times
  --kill NAME     actors of this module, entry or registered name may be killed;
                  a crash of one of them is no failure; may be given several times
  --kills N       how many of them are killed in a run, at most; default 1
  --steps N       a test that goes on after so many steps fails; default 20000
  --delay MS      how late a message or a turn may be; default 1000
  --preempt N     an actor gives way after so many reductions
  --choices LIST  plays one run: the choices that a failure has named
  --define NAME=FILE
                  another guest that can be spawned by this name
  --imports FILE  a JavaScript module whose default export has the functions that
                  guests import from the host, as createRuntime takes them
  --json          one JSON object per test on stdout, and nothing else
  --watch         runs the tests again when a source changes, until Ctrl-C
  --park WAY, --stack BYTES, --transform NAME, --enable NAME
                  as in isopod build
  -h, --help      prints this

Exit code: 0 if all tests pass; 1 if one fails, or a guest does not compile or
load; 2 if the command line is wrong; 130 after SIGINT.
`,
  options,
  async run(given) {
    const files = [...given.positionals];
    if (files.length === 0) throw new UsageError("which guests? Name one or more .ts files");
    const testOptions = optionsOf(given);
    const code = await relaunch();
    if (code !== undefined) return code;
    if (given.has("watch")) return watchTests(files, testOptions);
    return (await runTests(files, testOptions)).hasPassed ? 0 : 1;
  },
};

function optionsOf(given: Arguments): TestOptions {
  const list = given.text("choices");
  if (list !== undefined && given.has("watch")) throw new UsageError("--choices plays one run, so it needs no --watch");
  return {
    given,
    seeds: given.whole("seeds", 1000, 0, 2 ** 40),
    first: given.whole("first", 1, 0, 2 ** 40),
    only: given.all("only"),
    kill: given.all("kill"),
    kills: given.whole("kills", 1, 0, 1000),
    steps: given.whole("steps", 20_000, 1, 1e9),
    delayMs: given.whole("delay", 1000, 0, 2 ** 31 - 1),
    ...(given.has("preempt") && { preempt: given.whole("preempt", 1, 1, 2 ** 31 - 2) }),
    ...(list !== undefined && { choices: choicesOf(list) }),
    definitions: definitionsOf(given),
    imports: given.text("imports"),
    isJson: given.has("json"),
  };
}

function choicesOf(list: string): number[] {
  const choices = list.split(",").filter(text => text.trim() !== "");
  return choices.map(text => {
    const choice = Number(text);
    if (Number.isInteger(choice) && choice >= 0) return choice;
    throw new UsageError(`--choices is a list of whole numbers such as 0,0,3, not "${list}"`);
  });
}
