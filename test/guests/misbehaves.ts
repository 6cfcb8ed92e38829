// Each entry ends its actor in another way. All wait for one message first, so that the end comes after a park.
import { exit, exitText, Matcher, Message, receive, receiveMatch, send, shutdown } from "isopod/guest";

export function returns(): void {
  receive();
}

export function exits(): void {
  receive();
  exit();
}

export function shutsDown(): void {
  receive();
  shutdown();
}

export function exitsWithText(): void {
  receive();
  exitText("out of peanuts");
}

export function aborts(): void {
  receive();
  throw new Error("a bad day");
}

export function traps(): void {
  receive();
  unreachable();
}

export function divides(): void {
  const zero = receive().length;
  if (10 / zero > 1) receive();
}

export function overflows(): void {
  receive();
  descend(0);
}

function descend(depth: i32): i32 {
  return depth < 0 ? depth : descend(depth + 1) + descend(depth + 2);
}

export function reads(): void {
  receive();
  if (load<u8>(0xffff_fff0) > 0) receive();
}

class Sends extends Matcher {
  matches(message: Message): bool {
    send(message.from, message.bytes());
    return true;
  }
}

export function predicateSends(): void {
  receiveMatch(new Sends());
}

class Traps extends Matcher {
  matches(message: Message): bool {
    if (message.length >= 0) unreachable();
    return true;
  }
}

export function predicateTraps(): void {
  receiveMatch(new Traps());
}

class Receives extends Matcher {
  matches(_message: Message): bool {
    receive();
    return true;
  }
}

export function predicateReceives(): void {
  receiveMatch(new Receives());
}

let ballast: Uint8Array = new Uint8Array(0);

class Grows extends Matcher {
  matches(message: Message): bool {
    ballast = new Uint8Array(ballast.length + 200_000);
    return message.length === 3;
  }
}

export function predicateGrows(): void {
  const message = receiveMatch(new Grows());
  exitText(message.text());
}

export function growsBetween(): void {
  receive();
  ballast = new Uint8Array(1_000_000);
  const second = receive();
  exitText(second.text());
}

/** Keeps objects in locals on every frame while it waits at the bottom, and collects garbage meanwhile. */
export function deep(): void {
  exitText(dive(60));
}

function dive(depth: i32): string {
  const mine = `frame ${depth.toString()}`;
  if (depth === 0) return receive().text();
  const below = dive(depth - 1);
  __collect();
  return mine === `frame ${depth.toString()}` ? below : "a frame was lost";
}
