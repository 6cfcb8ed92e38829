/**
 * Lets a guest park with a stack that is longer than its room. When the room is full, the host
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

/** @param text the module as text */
export function putFramesAside(b: Binaryen, module: binaryen.Module, text: string, room: Room): void {
  const { Block } = b as Binaryen & Editor;
  addHelpers(b, module, room);
  for (const [name, bytes] of framesOf(text)) {
    const { body } = b.getFunctionInfo(module.getFunction(name));
    const children = childrenOf(b, body);
    const unwound = children.findIndex(child => leavesUnwind(b, child));
    if (unwound < 0 || !Number.isFinite(bytes))
      throw new Error(`Asyncify has rewritten ${name} in a form that isopod does not know`);
    Block.insertChildAt(body, unwound + 1, module.call(MAKE_ROOM, [module.i32.const(bytes)], b.none));
    const fetch = module.call(FETCH, [], b.none);
    const rewinds = whereItRewinds(b, children[0]);
    if (rewinds !== undefined) Block.insertChildAt(rewinds, 0, fetch);
    else Block.insertChildAt(body, 0, module.if(isState(b, module, REWINDING), fetch));
  }
}

function addHelpers(b: Binaryen, module: binaryen.Module, { from }: Room): void {
  const top = () => module.i32.load(from, 4, module.i32.const(0));
  const end = module.i32.load(from + 4, 4, module.i32.const(0));
  const bytes = () => module.local.get(0, b.i32);
  module.addFunctionImport(STACK_OUT, "actor", "stack_out", b.createType([b.i32, b.i32]), b.none);
  module.addFunctionImport(STACK_IN, "actor", "stack_in", b.i32, b.none);
  module.addFunction(
    MAKE_ROOM,
    b.i32,
    b.none,
    [],
    module.if(
      module.i32.gt_u(module.i32.add(top(), bytes()), end),
      module.call(STACK_OUT, [module.i32.const(from), bytes()], b.none),
    ),
  );
  module.addFunction(
    FETCH,
    b.none,
    b.none,
    [],
    module.if(
      module.i32.eq(top(), module.i32.const(from + HEADER_BYTES)),
      module.call(STACK_IN, [module.i32.const(from)], b.none),
    ),
  );
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
