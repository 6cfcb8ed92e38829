// Sorts 20,000 numbers: by quicksort in place, and by merging into a second array.

const COUNT = 20_000;
const numbers = new StaticArray<i32>(COUNT);
const others = new StaticArray<i32>(COUNT);

export function run(): void {
  for (let round = 0; round < 1; round++) {
    fill();
    quicksort(0, COUNT - 1);
    check();
    fill();
    mergesort();
    check();
  }
}

function fill(): void {
  let x: u32 = 1;
  for (let i = 0; i < COUNT; i++) {
    x = x * 1664525 + 1013904223;
    numbers[i] = <i32>(x >> 8);
  }
}

function check(): void {
  for (let i = 1; i < COUNT; i++) if (numbers[i - 1] > numbers[i]) unreachable();
}

function quicksort(from: i32, to: i32): void {
  while (from < to) {
    const pivot = numbers[(from + to) >>> 1];
    let low = from;
    let high = to;
    while (low <= high) {
      while (numbers[low] < pivot) low++;
      while (numbers[high] > pivot) high--;
      if (low > high) break;
      const swapped = numbers[low];
      numbers[low++] = numbers[high];
      numbers[high--] = swapped;
    }
    quicksort(from, high);
    from = low;
  }
}

function mergesort(): void {
  let source = numbers;
  let target = others;
  for (let width = 1; width < COUNT; width *= 2) {
    for (let begin = 0; begin < COUNT; begin += 2 * width) merge(source, target, begin, width);
    const swapped = source;
    source = target;
    target = swapped;
  }
  if (source !== numbers) for (let i = 0; i < COUNT; i++) numbers[i] = source[i];
}

function merge(source: StaticArray<i32>, target: StaticArray<i32>, begin: i32, width: i32): void {
  const middle = min(begin + width, COUNT);
  const end = min(begin + 2 * width, COUNT);
  let left = begin;
  let right = middle;
  for (let i = begin; i < end; i++) {
    target[i] = left < middle && (right >= end || source[left] <= source[right]) ? source[left++] : source[right++];
  }
}
