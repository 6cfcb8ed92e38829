// For test/js/. Calls a function of the actor whose pid it is sent: total of a list of prices, or a function that fails.
import { CborReader, CborWriter, call, decode, encode, message, Pid, receive, reply } from "../../guest/index";

@message
class Order {
  shop: Pid = 0;
  method: string = "";
  prices: f64[] = [];
}

@message
class Outcome {
  ok: bool = false;
  total: f64 = 0;
  label: string = "";
  problem: string = "";
}

export function run(): void {
  const writer = new CborWriter();
  while (true) {
    const request = receive();
    const order = decode<Order>(request.bytes());
    const outcome = new Outcome();
    if (order !== null) {
      writer.reset().array(2).text(order.method).array(order.prices.length);
      for (let i = 0; i < order.prices.length; i++) writer.float(order.prices[i]);
      const from = request.from;
      const ref = request.ref;
      const answer = call(order.shop, writer.toBytes());
      if (answer.ok) {
        const reader = new CborReader().read(answer.message);
        reader.array();
        outcome.ok = reader.bool();
        if (outcome.ok) {
          for (let pairs = reader.map(); pairs > 0; pairs--) {
            if (reader.key("total")) outcome.total = reader.float();
            else if (reader.key("label")) outcome.label = reader.text();
            else reader.skipPair();
          }
        } else outcome.problem = `${reader.text()}: ${reader.text()}`;
        if (!reader.complete) outcome.problem = "the answer is not as expected";
      } else outcome.problem = answer.toString();
      writer.reset().value(outcome).send(from, ref);
    } else reply(request, encode(outcome));
  }
}
