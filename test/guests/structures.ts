// For message-classes.test.ts. Answers each request with what it has read of it, written anew. Bytes that are none of
// its messages it answers with no bytes, or crashes where the tag says MUST.

import { CborReader, CborWriter, encode, message, mustRead, Pid, read, receive, reply } from "../../guest/index";
import { Place } from "./structures-place";

const MUST: i32 = 1;
const MANY: i32 = 2;

type Meters = f32;

enum Color {
  Red,
  Green = 7,
}

/**
 * All that a field can be.
 * In two lines.
 */
@message
class Shape {
  constructor(
    /** A parameter of the constructor is a field, too. */
    public on: bool = true,
  ) {}

  i8: i8 = -1;
  i16: i16 = -2;
  i32: i32 = -3;
  i64: i64 = -4;
  u8: u8 = 1;
  u16: u16 = 2;
  u32: u32 = 3;
  u64: u64 = 4;
  f32: Meters = 0.5;
  f64: f64 = 0.1;
  color: Color = Color.Green;
  owner: Pid = 0;
  /** Not empty. */
  text: string = "é🐛";
  bytes: Uint8Array = Uint8Array.wrap(String.UTF8.encode("ab"));
  place: Place = new Place();

  numbers: i32[] = [1, 2];
  rows: f64[][] = [];
  texts: Array<string> = ["a"];
  files: Uint8Array[] = [];
  places: Place[] = [];
  owners: Pid[] = [];
  flags: bool[] = [];
  maybes: (string | null)[] = [];

  next: Shape | null = null;
  children: Shape[] = [];
  note: string | null = null;
  list: u16[] | null = null;

  private calls: Map<string, i32> = new Map();
  static made: i32 = 0;

  area(): i32 {
    return this.calls.size;
  }
}

const writer = new CborWriter();

export function run(): void {
  while (true) {
    const request = receive();
    if (request.tag === MUST) {
      reply(request, encode(mustRead<Shape>(request)));
    } else if (request.tag === MANY) {
      const reader = new CborReader();
      reader.maxObjects = 20_000;
      const places = reader.read(request).value<Place[]>();
      writer
        .reset()
        .value(reader.complete ? places.length : -1)
        .send(request.from, request.ref);
    } else {
      const shape = read<Shape>(request);
      if (shape === null) reply(request, new Uint8Array(0));
      else writer.reset().value(shape).send(request.from, request.ref);
    }
  }
}
