// Savina's bank: accounts that move money. The paying account calls the other one; requests that
// arrive meanwhile wait in its mailbox. Money only goes from lower to higher accounts, so no two
// accounts wait for each other.

import { callRaw, Pid, receive, receiveTag, reply, sendRaw, sendTag } from "isopod/guest";
import { born, nextRandom, Round, sumOf, tell, toConductor } from "./shared/round";

const TRANSFER: i32 = 1;
const DEPOSIT: i32 = 2;
const DONE: i32 = 3;
const CLOSE: i32 = 4;
const FIRST_BALANCE: i64 = 1_000_000;
const room: usize = memory.data(16, 8);
const nothing = new Uint8Array(0);

export function run(): void {
  const round = new Round();
  const count = round.parameter();
  const transactions = round.parameter();
  round.begin();
  const accounts = new StaticArray<Pid>(count);
  for (let i = 0; i < count; i++) accounts[i] = born("account", toConductor());
  order(accounts, transactions);
  for (let i = 0; i < transactions; i++) receiveTag(DONE);
  for (let i = 0; i < count; i++) sendTag(accounts[i], CLOSE);
  const balances = sumOf(count);
  if (balances !== (((count as i64) * FIRST_BALANCE) as f64)) throw new Error("money was lost or made");
  round.end(transactions);
}

function order(accounts: StaticArray<Pid>, transactions: i32): void {
  const sources = max<i32>(1, (accounts.length / 10) * 8);
  let random = 123456;
  for (let i = 0; i < transactions; i++) {
    random = nextRandom(random);
    const source = random % sources;
    random = nextRandom(random);
    const target = source + max<i32>(1, random % (accounts.length - source));
    random = nextRandom(random);
    store<u64>(room, accounts[target]);
    store<i64>(room, random % 1000, 8);
    sendRaw(accounts[source], room, 16, TRANSFER);
  }
}

export function account(): void {
  let balance = FIRST_BALANCE;
  while (true) {
    const message = receive();
    const teller = message.from;
    if (message.tag === TRANSFER) {
      const amount = load<i64>(message.ptr, 8);
      balance -= amount;
      store<i64>(room, amount);
      callRaw(message.u64At(0), room, 8, -1, DEPOSIT).message;
      sendTag(teller, DONE);
    } else if (message.tag === DEPOSIT) {
      balance += load<i64>(message.ptr);
      reply(message, nothing);
    } else {
      tell(teller, balance as f64);
      return;
    }
  }
}
