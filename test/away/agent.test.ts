/** Hosts of two places ask each other, in the order of all other signals. */
import { afterEach, beforeEach, expect, test } from "vitest";
import { Agent } from "../../host/away/agent.ts";
import { Places } from "../support/places.ts";

const HERE = { thread: 0, node: 0 };
const THERE = { thread: 1, node: 0 };
let places: Places;
let here: Agent;
let there: Agent;

beforeEach(() => {
  places = new Places(2);
  here = new Agent(places.aways[0]);
  there = new Agent(places.aways[1]);
});

afterEach(() => places.stop());

test("an answer is what the handler returns or promises", async () => {
  there.on("double", body => Number(body) * 2);
  there.on("later", async (body, from) => [body, from.thread]);
  const answers = Promise.all([here.ask(THERE, "double", 21), here.ask(THERE, "later", "x")]);
  await places.settle();
  expect(await answers).toEqual([42, ["x", 0]]);
});

test("what a handler throws, and a request that nobody knows, reject with code and message", async () => {
  there.on("fail", () => {
    throw new RangeError("too many");
  });
  const failed = expect(here.ask(THERE, "fail")).rejects.toMatchObject({ message: "too many", code: "ISOPOD_REQUEST" });
  const unknown = expect(here.ask(THERE, "what")).rejects.toThrow("there are no requests called what");
  await places.settle();
  await failed;
  await unknown;
});

test("a request that was sent before a message is carried out before the message arrives", async () => {
  const mailbox = places.runtimes[1].mailbox();
  const seen: number[] = [];
  there.on("look", () => void seen.push(mailbox.size));
  const sender = places.runtimes[0].mailbox();
  sender.send(mailbox.pid, "before");
  here.tell(THERE, "look");
  sender.send(mailbox.pid, "behind");
  here.tell(THERE, "look");
  await places.settle();
  expect(seen).toEqual([1, 2]);
});

test("requests to a place that is lost reject", async () => {
  there.on("never", () => new Promise<never>(() => undefined));
  const lost = expect(here.ask(THERE, "never")).rejects.toMatchObject({ code: "ISOPOD_NOCONNECTION" });
  await places.settle();
  places.lose(1);
  await lost;
  await expect(here.ask(HERE, "never")).rejects.toThrow();
});

test("nobody answers the request of another", async () => {
  const three = new Places(3);
  const [first, second, third] = three.aways.map(away => new Agent(away));
  second.on("secret", () => new Promise<never>(() => undefined));
  third.on("guess", () => three.aways[2].sendToHost(HERE, 34, 1, Uint8Array.of(1)));
  let answered = false;
  first.ask(THERE, "secret").then(
    () => {
      answered = true;
    },
    () => undefined,
  );
  first.tell({ thread: 2, node: 0 }, "guess");
  await three.settle();
  expect(answered).toBe(false);
  await three.stop();
});
