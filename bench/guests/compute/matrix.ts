// Multiplies two matrices of 128 × 128 doubles. The sum of each element is in a variable.

const SIZE = 128;
const left = new StaticArray<f64>(SIZE * SIZE);
const right = new StaticArray<f64>(SIZE * SIZE);
const product = new StaticArray<f64>(SIZE * SIZE);

export function run(): void {
  for (let i = 0; i < SIZE * SIZE; i++) {
    left[i] = i % 7;
    right[i] = i % 11;
  }
  for (let row = 0; row < SIZE; row++) {
    for (let column = 0; column < SIZE; column++) {
      let sum = 0.0;
      for (let k = 0; k < SIZE; k++) sum += left[row * SIZE + k] * right[k * SIZE + column];
      product[row * SIZE + column] = sum;
    }
  }
  if (product[SIZE + 1] === 0) unreachable();
}
