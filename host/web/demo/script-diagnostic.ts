/** What is wrong with a script, as the editor shows it. */
import type { ScriptError } from "../../js/index.ts";
import { placeInScript } from "../../wire/reason.ts";
import type { Diagnostic } from "./protocol.ts";

export function diagnosticOf({ message, scriptStack }: ScriptError): Diagnostic {
  const [, line, column] = /:(\d+):(\d+)$/.exec(placeInScript(scriptStack) ?? "") ?? [];
  return {
    severity: "error",
    // Without the name of the script, of which there is one.
    message: message.replace(/^\S+\.js: /, ""),
    ...(line !== undefined && { line: Number(line), column: Number(column) }),
  };
}
