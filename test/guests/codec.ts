// For codec.test.ts. Answers each message with what it has read of it, written anew: CBOR as CBOR, or tagged JSON as JSON. What it cannot read it says is
// bad, and goes on. What is tagged SKIP is passed over whole.

import {
  CborKind,
  CborReader,
  CborWriter,
  JsonWriter,
  listen,
  Message,
  received,
  send,
  sendTag,
} from "../../guest/index";

const AS_JSON: i32 = 1;
const SKIP: i32 = 2;
const GUESS: i32 = 3;
const BAD: i32 = 9;

const reader = new CborReader();
const cbor = new CborWriter(8);
const json = new JsonWriter(8);

listen();

export function handle(n: i32): void {
  const message = received(n);
  reader.read(message);
  if (message.tag === SKIP) skip(message);
  else if (message.tag === GUESS) guess(message);
  else if (message.tag === AS_JSON) rewriteAsJson(message);
  else rewrite(message);
}

function rewrite(message: Message): void {
  cbor.reset();
  let items: i64 = 1;
  while (items-- > 0 && !reader.failed) {
    switch (reader.kind) {
      case CborKind.Int:
        cbor.int(reader.int());
        break;
      case CborKind.Float:
        cbor.float(reader.float());
        break;
      case CborKind.Text:
        cbor.text(reader.text());
        break;
      case CborKind.Bytes:
        cbor.bytes(reader.byteString());
        break;
      case CborKind.Bool:
        cbor.bool(reader.bool());
        break;
      case CborKind.Null:
        reader.nil();
        cbor.nil();
        break;
      case CborKind.Array: {
        const count = reader.array();
        cbor.array(count);
        items += count;
        break;
      }
      case CborKind.Map: {
        const pairs = reader.map();
        cbor.map(pairs);
        items += (pairs as i64) * 2;
        break;
      }
      default:
        reader.fail();
    }
  }
  if (reader.complete) cbor.send(message.from);
  else sendTag(message.from, BAD);
}

function rewriteAsJson(message: Message): void {
  json.reset();
  asJson();
  if (reader.complete) json.send(message.from, AS_JSON);
  else sendTag(message.from, BAD);
}

function asJson(): void {
  switch (reader.kind) {
    case CborKind.Int:
      json.int(reader.int());
      break;
    case CborKind.Float:
      json.float(reader.float());
      break;
    case CborKind.Text:
      json.text(reader.text());
      break;
    case CborKind.Bool:
      json.bool(reader.bool());
      break;
    case CborKind.Null:
      reader.nil();
      json.nil();
      break;
    case CborKind.Array:
      json.array();
      for (let i = reader.array(); i > 0; i--) asJson();
      json.endArray();
      break;
    case CborKind.Map:
      json.object();
      for (let i = reader.map(); i > 0; i--) {
        json.key(reader.text());
        asJson();
      }
      json.endObject();
      break;
    default:
      reader.fail();
  }
}

function skip(message: Message): void {
  reader.skip();
  sendTag(message.from, reader.complete ? SKIP : BAD);
}

/** Asks for everything, whatever is there: nothing of it may crash. Answers the bytes that it was given, so that a test sees that they are whole. */
function guess(message: Message): void {
  while (!reader.failed && !reader.complete) {
    const kind = reader.kind;
    const by = (message.length + (kind as i32)) % 8;
    if (by === 0) reader.int();
    else if (by === 1) reader.uint();
    else if (by === 2) reader.float();
    else if (by === 3) reader.text();
    else if (by === 4) reader.byteString();
    else if (by === 5) reader.array();
    else if (by === 6) reader.map();
    else reader.bool();
  }
  send(message.from, message.bytes(), GUESS);
}
