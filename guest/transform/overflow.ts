/**
 * Lets a guest park with a stack that is longer than its room. When the near room is full, the
 * frames move to the far room, and the stack goes on there. When the far room is full, the host
 * takes the frames out of it. When it is empty during rewinding, the host writes them back
 * (`stack_out` and `stack_in` in docs/abi.md).
 *
 * Guarantee: code that neither unwinds nor rewinds behaves as before, and no frame is split. The
 * module must come directly from the pass.
 */
import type binaryen from "binaryen";
import { framesOf } from "./frames.ts";
import { HEADER_BYTES, REWINDING, type Room, STATE, UNWIND } from "./pass.ts";

type Binaryen = typeof binaryen;

const STACK_OUT = "isopod/stackOut"; // the two imports
const STACK_IN = "isopod/stackIn";
const MAKE_ROOM = "isopod/makeRoom"; // the two functions that call them where needed
const FETCH = "isopod/fetch";

/** A part of Binaryen that its types lack. */
interface Editor {
  readonly Block: {
    insertChildAt(block: binaryen.ExpressionRef, index: number, child: binaryen.ExpressionRef): void;
  };
}

/**
 * @param text the module as text
 * @param near the room in which each stack begins
 * @param far the room for longer stacks, at least as long as `near`; it can be the same room
 */
export function putFramesAside(b: Binaryen, module: binaryen.Module, text: string, near: Room, far: Room): void {
  addHelpers(b, module, near, far);
  beforeFrames(b, module, text, (bytes, body) => {
    const fetch = module.call(FETCH, [], b.none);
    const { Block } = b as Binaryen & Editor;
    const rewinds = whereItRewinds(b, childrenOf(b, body)[0]);
    if (rewinds !== undefined) Block.insertChildAt(rewinds, 0, fetch);
    else Block.insertChildAt(body, 0, module.if(isState(b, module, REWINDING), fetch));
    return module.call(MAKE_ROOM, [module.i32.const(bytes)], b.none);
  });
}

/**
 * Puts code of ours into each function that can unwind, before it writes its frame.
 *
 * @param text the module as text
 * @param code answers the code for a frame of so many bytes
 */
export function beforeFrames(
  b: Binaryen,
  module: binaryen.Module,
  text: string,
  code: (bytes: number, body: binaryen.ExpressionRef) => binaryen.ExpressionRef,
): void {
  const { Block } = b as Binaryen & Editor;
  for (const [name, bytes] of framesOf(text)) {
    const { body } = b.getFunctionInfo(module.getFunction(name));
    const isKnown = Number.isFinite(bytes) && childrenOf(b, body).some(child => leavesUnwind(b, child));
    if (!isKnown) throw new Error(`Asyncify has rewritten ${name} in a form that isopod does not know`);
    const before = code(bytes, body);
    // The code may have inserted something itself.
    Block.insertChildAt(body, childrenOf(b, body).findIndex(child => leavesUnwind(b, child)) + 1, before);
  }
}

/**
 * The pass keeps the top and the end of the stack in the header of the near room, also while the
 * frames are in the far room. Only the host reads the header of the far room.
 */
function addHelpers(b: Binaryen, module: binaryen.Module, near: Room, far: Room): void {
  const { i32 } = module;
  const at = (address: number) => i32.load(address, 4, i32.const(0));
  const put = (address: number, value: binaryen.ExpressionRef) => i32.store(address, 4, i32.const(0), value);
  const [top, end] = [near.from, near.from + 4];
  const bytes = () => module.local.get(0, b.i32);
  const isFull = () => i32.gt_u(i32.add(at(top), bytes()), at(end));
  const askHost = (name: string, words: binaryen.ExpressionRef[]) =>
    module.block(null, [
      put(far.from, at(top)),
      module.call(name, [i32.const(far.from), ...words], b.none),
      put(top, at(far.from)),
    ]);
  module.addFunctionImport(STACK_OUT, "actor", "stack_out", b.createType([b.i32, b.i32]), b.none);
  module.addFunctionImport(STACK_IN, "actor", "stack_in", b.i32, b.none);
  // The end says in which room the frames are.
  const move = () => module.if(i32.eq(at(end), i32.const(near.to)), moveFrames(b, module, near, far));
  module.addFunction(
    MAKE_ROOM,
    b.i32,
    b.none,
    [b.i32],
    module.if(
      isFull(),
      module.block(null, [
        ...(near.from === far.from ? [] : [move()]),
        module.if(isFull(), askHost(STACK_OUT, [bytes()])),
      ]),
    ),
  );
  module.addFunction(
    FETCH,
    b.none,
    b.none,
    [],
    module.if(i32.eq(at(top), i32.const(far.from + HEADER_BYTES)), askHost(STACK_IN, [])),
  );
}

/** Copies the frames from the near room to the far one, where the stack goes on. Uses the local 1. */
function moveFrames(b: Binaryen, module: binaryen.Module, near: Room, far: Room): binaryen.ExpressionRef {
  const { i32 } = module;
  const left = () => module.local.get(1, b.i32);
  const [from, to] = [near.from + HEADER_BYTES, far.from + HEADER_BYTES];
  const top = () => i32.load(near.from, 4, i32.const(0));
  const setEnd = (room: Room) => i32.store(room.from + 4, 4, i32.const(0), i32.const(far.to));
  return module.block(null, [
    module.local.set(1, i32.sub(top(), i32.const(from))),
    module.loop(
      "copy",
      module.if(
        left(),
        module.block(null, [
          module.local.set(1, i32.sub(left(), i32.const(4))),
          i32.store(to, 4, left(), i32.load(from, 4, left())),
          module.br("copy"),
        ]),
      ),
    ),
    i32.store(near.from, 4, i32.const(0), i32.add(top(), i32.const(to - from))),
    setEnd(near),
    setEnd(far),
  ]);
}

function childrenOf(b: Binaryen, block: binaryen.ExpressionRef): readonly binaryen.ExpressionRef[] {
  return b.getExpressionId(block) === b.BlockId ? (b.getExpressionInfo(block) as binaryen.BlockInfo).children : [];
}

/** Whether this expression ends when a call has unwound. The code after it writes the frame. */
function leavesUnwind(b: Binaryen, expression: binaryen.ExpressionRef): boolean {
  if (b.getExpressionId(expression) !== b.LocalSetId) return false;
  const { value } = b.getExpressionInfo(expression) as binaryen.LocalSetInfo;
  return b.getExpressionId(value) === b.BlockId && (b.getExpressionInfo(value) as binaryen.BlockInfo).name === UNWIND;
}

/**
 * The block that rewinds the frame. Most functions begin with a check of the state that leads to
 * it.
 */
function whereItRewinds(b: Binaryen, first: binaryen.ExpressionRef): binaryen.ExpressionRef | undefined {
  if (b.getExpressionId(first) !== b.IfId) return undefined;
  const { condition, ifTrue } = b.getExpressionInfo(first) as binaryen.IfInfo;
  const { id, op, left, right } = b.getExpressionInfo(condition) as binaryen.BinaryInfo;
  if (b.getExpressionId(ifTrue) !== b.BlockId || id !== b.BinaryId || op !== b.EqInt32) return undefined;
  if (b.getExpressionId(left) !== b.GlobalGetId || b.getExpressionId(right) !== b.ConstId) return undefined;
  const { name } = b.getExpressionInfo(left) as binaryen.GlobalGetInfo;
  const { value } = b.getExpressionInfo(right) as binaryen.ConstInfo;
  return name === STATE && value === REWINDING ? ifTrue : undefined;
}

function isState(b: Binaryen, module: binaryen.Module, state: number): binaryen.ExpressionRef {
  return module.i32.eq(module.global.get(STATE, b.i32), module.i32.const(state));
}
