/**
 * The way through a message port, where threads share no memory. Records travel in ArrayBuffers, which change their
 * owner without a copy. The other thread says how many bytes it has taken.
 */
import { type Arrive, type Port, type Way, WINDOW_BYTES } from "./way.ts";

export class PortWay implements Way {
  readonly #port: Port;
  readonly #arrive: Arrive;
  /** Bytes that were posted, and that the other thread has not taken. */
  #underWay = 0;
  #isLost = false;

  /** `onRoom` is called when messages are accepted again, `onArrival` when some have arrived. */
  constructor(port: Port, arrive: Arrive, onRoom: () => void) {
    this.#port = port;
    this.#arrive = arrive;
    port.onmessage = ({ data }) => {
      if (this.#isLost) return;
      if (data instanceof ArrayBuffer) {
        port.postMessage(data.byteLength);
        this.#arrive(new Uint8Array(data));
      } else if (typeof data === "number") {
        const wasReady = this.isReady;
        this.#underWay -= data;
        if (!wasReady && this.isReady) onRoom();
      }
    };
  }

  get isReady(): boolean {
    return this.#underWay < WINDOW_BYTES;
  }

  carry(records: Uint8Array<ArrayBuffer>): void {
    if (this.#isLost) return;
    this.#underWay += records.length;
    this.#port.postMessage(records.buffer, [records.buffer] as never[]);
  }

  poll(): boolean {
    return false;
  }

  isNeeded(): boolean {
    return false;
  }

  drain(): void {
    this.#isLost = true;
    this.#port.close();
  }

  wake(): void {}
}
