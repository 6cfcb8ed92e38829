// Writes a tree as JSON, byte by byte, and reads it into objects again.

const text = new StaticArray<u8>(1 << 18);
let at = 0;

class Node {
  name: i32 = 0;
  value: f64 = 0;
  children: Array<Node> = [];
}

export function run(): void {
  const tree = grow(4, 1);
  for (let round = 0; round < 4; round++) {
    at = 0;
    write(tree);
    at = 0;
    if (sum(read()) !== sum(tree)) unreachable();
  }
}

function grow(depth: i32, name: i32): Node {
  const node = new Node();
  node.name = name;
  node.value = name * 3;
  if (depth > 0) for (let i = 0; i < 6; i++) node.children.push(grow(depth - 1, name * 6 + i));
  return node;
}

function sum(node: Node): f64 {
  let total = node.value + <f64>node.name;
  for (let i = 0; i < node.children.length; i++) total += sum(node.children[i]);
  return total;
}

function put(byte: i32): void {
  text[at++] = <u8>byte;
}

function putText(word: string): void {
  for (let i = 0; i < word.length; i++) put(word.charCodeAt(i));
}

function putNumber(value: i32): void {
  if (value >= 10) putNumber(value / 10);
  put(48 + (value % 10));
}

function write(node: Node): void {
  putText('{"name":"n');
  putNumber(node.name);
  putText('","value":');
  putNumber(<i32>node.value);
  putText(',"children":[');
  for (let i = 0; i < node.children.length; i++) {
    if (i > 0) put(44);
    write(node.children[i]);
  }
  putText("]}");
}

function skip(count: i32): void {
  at += count;
}

function number(): i32 {
  let value = 0;
  for (; text[at] >= 48 && text[at] <= 57; at++) value = value * 10 + (text[at] - 48);
  return value;
}

function read(): Node {
  const node = new Node();
  skip(10);
  node.name = number();
  skip(10);
  node.value = number();
  skip(13);
  while (text[at] !== 93) {
    if (text[at] === 44) skip(1);
    node.children.push(read());
  }
  skip(2);
  return node;
}
