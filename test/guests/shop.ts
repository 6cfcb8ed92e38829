// A small shop for pictures of the observer: customers order at a desk, which asks the stock and the
// pricing, and tells the books. The books crash upon a voucher, and are started again.

import { Caller, callText, Message, now, receive, replyText, Server, sendText, serve, whereis } from "isopod/guest";

class Stock extends Server {
  private left: i32 = 100_000;

  onCall(message: Message): void {
    const thing = message.text();
    this.left -= 1;
    this.replyText(`${this.left} of ${thing} are left`);
  }
}

export function stock(): void {
  serve(new Stock());
}

/** Computes for some milliseconds for each price. */
export function pricing(): void {
  while (true) {
    const question = receive();
    const until = now() + 3;
    let price: u32 = 17;
    while (now() < until) for (let i = 0; i < 10_000; i++) price = price * 1_664_525 + 1_013_904_223;
    replyText(question, `${1 + (price % 9)}.50 €`);
  }
}

export function desk(): void {
  while (true) {
    const order = receive();
    const text = order.text();
    const customer = Caller.of(order);
    callText(whereis("stock"), text);
    const price = callText(whereis("pricing"), `price of ${text}`).text();
    customer.replyText(`${text}: ${price}`);
    sendText(whereis("books"), `${text}, ${price}`);
  }
}

export function books(): void {
  while (true) {
    const line = receive().text();
    if (line.includes("voucher")) throw new Error(`no account for this: ${line}`);
  }
}

/** Orders whenever it is told what. */
export function customer(): void {
  while (true) {
    const wish = receive().text();
    callText(whereis("desk"), wish);
  }
}
