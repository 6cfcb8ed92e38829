/** Sends a message or a call to the actor that the drawer shows, and shows the answer or the error. */
import { escapeControls } from "../../wire/escape-controls.ts";
import { button, el } from "../page/dom.ts";
import { milliseconds } from "../page/text.ts";
import { act, inPath } from "./api.ts";
import type { Payload, SendRequest, SendResult } from "./protocol.ts";

const FORMATS: readonly SendRequest["format"][] = ["text", "json", "value", "hex"];

export class SendBox {
  readonly element: HTMLDetailsElement;
  readonly #text = el("textarea", { rows: "2", "aria-label": "Message", spellcheck: "false" });
  readonly #format = el(
    "select",
    { "aria-label": "Format" },
    ...FORMATS.map(format =>
      el("option", { value: format }, { json: "JSON", value: "value (CBOR)" }[format as string] ?? format),
    ),
  );
  readonly #tag = el("input", { type: "number", min: "0", max: "2147483647", value: "0", "aria-label": "Tag" });
  readonly #form: HTMLElement;
  readonly #result = el("output", {});
  #pid = "";
  /** Counts what was sent; only the last result is shown. */
  #sent = 0;

  constructor() {
    const send = button("Send", {}, () => void this.#send(false));
    send.title = "A message from the host. No answer is waited for.";
    const call = button("Call", {}, () => void this.#send(true));
    call.title = "A request from the host. The answer is shown; it may take five seconds.";
    const tag = el("label", {}, "Tag ", this.#tag);
    this.#form = el(
      "div",
      { class: "send" },
      this.#text,
      el("div", { class: "actions" }, this.#format, tag, send, call),
    );
    this.element = el("details", {}, el("summary", {}, "Send"), this.#form, this.#result);
  }

  /** The actor that it sends to. What was written stays. */
  choose(pid: string): void {
    if (pid === this.#pid) return;
    this.#pid = pid;
    this.#sent++;
    this.#result.replaceChildren();
  }

  /** An actor that has ended takes nothing more. What it has answered stays. */
  allow(mayBeSent: boolean): void {
    this.#form.hidden = !mayBeSent;
    this.element.hidden = !mayBeSent && this.#result.childElementCount === 0;
  }

  async #send(isCall: boolean): Promise<void> {
    const sent = ++this.#sent;
    const format = FORMATS[this.#format.selectedIndex];
    const request: SendRequest = { text: this.#text.value, format, tag: Number(this.#tag.value), isCall };
    this.#show(el("p", { class: "quiet" }, isCall ? "waiting for the answer" : "sending"));
    let result: SendResult;
    try {
      result = await act<SendResult>(`actors/${inPath(this.#pid)}/send`, request);
    } catch (error) {
      result = { error: error instanceof Error ? error.message : String(error) };
    }
    if (sent === this.#sent) this.#show(...nodesOf(result));
  }

  #show(...nodes: Node[]): void {
    this.#result.replaceChildren(...nodes);
  }
}

function nodesOf({ answer, tookMs = 0, error }: SendResult): Node[] {
  if (error !== undefined) return [el("p", { class: "alarm" }, escapeControls(error))];
  if (answer === undefined) return [el("p", { class: "quiet" }, "accepted")];
  const note = el("p", { class: "quiet" }, `answered in ${milliseconds(tookMs)} ms`);
  return [note, el("pre", { title: answer.hex }, textOf(answer))];
}

function textOf({ text, hex, cut }: Payload): string {
  const shown = text === undefined ? hex : escapeControls(text, true);
  return `${shown === "" ? "(empty)" : shown}${cut ? " …" : ""}`;
}
