/** The host's side of guests/puppet.ts: commands as bytes, and reports as text. */
import type { Pid, Received, Runtime } from "../../host/index.ts";

export type Command =
  | { readonly do: "link" | "unlink"; readonly whom: Pid }
  | { readonly do: "monitor"; readonly whom: Pid; readonly label: number }
  | { readonly do: "demonitor"; readonly label: number }
  | { readonly do: "trapExit"; readonly on: boolean }
  | {
      readonly do: "exitTo";
      readonly whom: Pid;
      readonly reason: "normal" | "shutdown" | "kill" | { readonly own: string };
    }
  | { readonly do: "exit"; readonly own: string }
  | { readonly do: "exitNormally" }
  | { readonly do: "crash" };

const codes = {
  link: 1,
  unlink: 2,
  monitor: 3,
  demonitor: 4,
  trapExit: 5,
  exit: 8,
  exitNormally: 9,
  crash: 10,
} as const;
const reasonNames = ["normal", "shutdown", "killed", "crashed", "noproc", "noconnection", "custom"];
const encoder = new TextEncoder();

export function tell(runtime: Runtime, puppet: Pid, command: Command): boolean {
  const whom = "whom" in command ? command.whom : 0;
  let code: number;
  let label = "label" in command ? command.label : 0;
  let text = "own" in command ? command.own : "";
  if (command.do !== "exitTo") code = codes[command.do];
  else if (typeof command.reason === "object") {
    code = 6;
    text = command.reason.own;
  } else {
    code = 7;
    label = { normal: 0, shutdown: 1, kill: 2 }[command.reason];
  }
  if (command.do === "trapExit") label = command.on ? 1 : 0;
  const bytes = encoder.encode(text);
  const view = new DataView(new ArrayBuffer(17 + bytes.length));
  view.setUint8(0, code);
  view.setBigUint64(1, BigInt(whom), true);
  view.setInt32(9, label, true);
  view.setUint32(13, bytes.length, true);
  new Uint8Array(view.buffer).set(bytes, 17);
  return runtime.send(puppet, new Uint8Array(view.buffer));
}

export interface Report {
  readonly puppet: Pid;
  readonly kind: "down" | "exit";
  readonly from: Pid;
  readonly label: number;
  /** The reason's name; of one of an actor's own, its text. */
  readonly reason: string;
}

export function readReport(item: Received): Report {
  if (item.kind !== "message") throw new Error(`a puppet does not send a ${item.kind}`);
  const view = new DataView(item.bytes.buffer);
  const name = reasonNames[view.getUint32(13, true)];
  return {
    puppet: item.from,
    kind: view.getUint8(0) === 2 ? "down" : "exit",
    from: Number(view.getBigUint64(1, true)),
    label: view.getInt32(9, true),
    reason: name === "custom" ? new TextDecoder().decode(item.bytes.subarray(21)) : name,
  };
}
