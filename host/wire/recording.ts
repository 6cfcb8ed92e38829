/** What the embedder gets of an actor that was recorded. Types only. */

/** The recording of an actor that has crashed. It holds what the actor has received: messages, and their secrets. */
export interface Recording {
  /** A name for its file: that of the module, and the pid. */
  readonly name: string;
  /** The file, which `isopod replay` plays. Each call makes it anew. */
  bytes(): Uint8Array<ArrayBuffer>;
}
