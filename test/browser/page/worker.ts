/** A runtime in a dedicated worker: plays what it is sent, and posts what came of it. */
import { formatReason, Runtime } from "../../../host/index.ts";

export interface Work {
  readonly waits: Uint8Array<ArrayBuffer>[];
  readonly fails: Uint8Array<ArrayBuffer>[];
}

export interface Done {
  readonly answers: string[];
  readonly reasons: string[];
  readonly hasPage: boolean;
}

async function work({ waits, fails }: Work): Promise<Done> {
  await using runtime = new Runtime({ grants: "all" });
  const answers: string[] = [];
  for (const wasm of waits) {
    const module = await runtime.load(wasm);
    const mailbox = runtime.mailbox();
    mailbox.send(runtime.spawn(module), new TextEncoder().encode("hello"));
    const item = await mailbox.receive();
    const text = item?.kind === "message" ? new TextDecoder().decode(item.bytes) : item?.kind;
    answers.push(`${module.wayOf(module.defaultEntry, undefined)}: ${text}`);
  }
  const reasons: string[] = [];
  for (const wasm of fails) {
    reasons.push(formatReason(await runtime.exited(runtime.spawn(await runtime.load(wasm)))));
  }
  return { answers, reasons, hasPage: "document" in globalThis };
}

// What goes wrong is thrown where the page hears of it.
addEventListener("message", (event: MessageEvent<Work>) => {
  work(event.data).then(postMessage, error => setTimeout(() => reportError(error)));
});
