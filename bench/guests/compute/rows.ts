// Multiplies the same matrices by adding rows. Each step of the inner loop stores, which is the
// worst that the store limit meets.

const SIZE = 128;
const left = new StaticArray<f64>(SIZE * SIZE);
const right = new StaticArray<f64>(SIZE * SIZE);
const product = new StaticArray<f64>(SIZE * SIZE);

export function run(): void {
  for (let i = 0; i < SIZE * SIZE; i++) {
    left[i] = i % 7;
    right[i] = i % 11;
  }
  product.fill(0);
  for (let row = 0; row < SIZE; row++) {
    for (let k = 0; k < SIZE; k++) {
      const factor = left[row * SIZE + k];
      for (let column = 0; column < SIZE; column++) {
        product[row * SIZE + column] += factor * right[k * SIZE + column];
      }
    }
  }
  if (product[SIZE + 1] === 0) unreachable();
}
