// A plug-in, which the shop asks for prices.
// Change it, or break it, and press Run.

export function price(pieces, each) {
  const sum = pieces * each;
  return sum < 100 ? sum : sum * 0.9; // break
}
