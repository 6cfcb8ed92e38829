// Asks three plug-ins for prices. What goes wrong in one of them is an error of its own calls.

import { client } from "isopod";

const orders = [
  [3, 5],
  [10, 12],
  [1, 99],
];
const sleep = ms => new Promise(resolve => setTimeout(resolve, ms));

async function askYours() {
  const yours = client("yours");
  for (let i = 0; ; i++) {
    await sleep(500);
    const [pieces, each] = orders[i % orders.length];
    try {
      console.log(`yours: ${pieces} for ${each} each cost ${await yours.price(pieces, each)}`);
    } catch (error) {
      console.log(`yours: no price: ${error.message}`);
    }
  }
}

let answered = 0;

async function askAnother(name) {
  const plugin = client(name);
  for (let i = 0; ; i++) {
    try {
      await plugin.price(...orders[i % orders.length]);
      answered++;
    } catch {
      await sleep(100);
    }
  }
}

async function tell() {
  for (;;) {
    await sleep(2000);
    console.log(`the others have answered ${answered} times`);
  }
}

export const main = () => Promise.all([askYours(), askAnother("ann"), askAnother("bob"), tell()]);
