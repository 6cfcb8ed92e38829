/** Sends what a reader of the page has written to an actor, as the host would: a message or a call. */
import { IsopodError, type Pid, type Runtime } from "../../index.ts";
import type { SendRequest, SendResult } from "../../web/observer/protocol.ts";
import { FormatError, PAYLOAD_FORMATS, payloadOf } from "../payload-text.ts";
import { whyNotSent } from "../refusal.ts";
import { payloadRow } from "./rows.ts";

/** How many bytes of an answer are shown. */
const ANSWER_BYTES = 4096;

/** Undefined where the body of a request is something else. */
export function sendRequestIn(body: unknown): SendRequest | undefined {
  const { text, format: given, tag, isCall } = (body ?? {}) as Partial<Record<keyof SendRequest, unknown>>;
  const format = PAYLOAD_FORMATS.find(format => format === given);
  if (typeof text !== "string" || format === undefined || typeof isCall !== "boolean") return undefined;
  if (typeof tag !== "number" || !Number.isInteger(tag) || tag < 0 || tag >= 2 ** 31) return undefined;
  return { text, format, tag, isCall };
}

export async function sendTo(runtime: Runtime, pid: Pid, request: SendRequest): Promise<SendResult> {
  const { text, format, tag, isCall } = request;
  try {
    const bytes = payloadOf(text, format);
    if (!isCall) return runtime.send(pid, bytes, { tag }) ? {} : { error: whyNotSent(runtime, pid, bytes) };
    const beganMs = performance.now();
    const answer = await runtime.call(pid, bytes, { tag });
    return { answer: payloadRow(answer, answer.length, ANSWER_BYTES), tookMs: performance.now() - beganMs };
  } catch (error) {
    if (error instanceof FormatError || error instanceof IsopodError) return { error: error.message };
    throw error;
  }
}
