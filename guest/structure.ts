/**
 * Messages that are objects of a class:
 *
 * ```ts
 * import { encode, message, read, receive, reply } from "isopod/guest";
 *
 * @message
 * class Point {
 *   x: i32 = 0;
 *   y: i32 = 0;
 * }
 *
 * export function run(): void {
 *   while (true) {
 *     const request = receive();
 *     const point = read<Point>(request);
 *     if (point !== null) reply(request, encode(point));
 *   }
 * }
 * ```
 *
 * A message class is a CBOR map with the names of its fields as keys. The reader skips keys that it
 * does not know, and a key that is missing leaves its field as the constructor has made it. Private
 * and static fields are no part of the message. The build gives the class the methods
 * `encode(writer: CborWriter)` and `decode(reader: CborReader)`, and writes its TypeScript type
 * (transform/message-classes.ts, transform/message-types.ts).
 *
 * Guarantee: no bytes make `read` or `decode` crash, as long as the constructors of the classes do
 * not.
 */

import { CborReader } from "./cbor-reader";
import { CborWriter } from "./cbor-writer";
import { Message } from "./message";

/**
 * The decorator of message classes. Its fields are bools, numbers, strings, `Uint8Array`s, message
 * classes, and arrays of these. References may be null. The constructor needs no arguments.
 */
export function message<T>(_marked: T): void {}

/** The payload of a message as a `T`; null where it is none. */
export function read<T>(message: Message): T | null {
  const reader = new CborReader().read(message);
  const value = reader.value<T>();
  return reader.complete ? value : null;
}

/** As `read`, but crashes where the payload is no `T`. */
export function mustRead<T>(message: Message): T {
  const reader = new CborReader().read(message);
  const value = reader.value<T>();
  if (!reader.complete) {
    const where = reader.lastKey.length === 0 ? "" : `, at or after its key "${reader.lastKey}"`;
    throw new Error(`mustRead: a message of ${message.length} bytes is not a ${nameof<T>()}${where}`);
  }
  return value;
}

/** The bytes as a `T`; null where they are none. For arguments, and answers that were kept. */
export function decode<T>(bytes: Uint8Array): T | null {
  const reader = new CborReader(bytes);
  const value = reader.value<T>();
  return reader.complete ? value : null;
}

/** The bytes of a message class. To send many, `CborWriter.value` reuses its buffer. */
export function encode<T>(value: T): Uint8Array {
  return new CborWriter().value<T>(value).toBytes();
}
