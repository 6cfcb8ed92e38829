/**
 * Lets a guest that sends many messages in one turn give way. Where the host answers 2 to a send,
 * the guest calls `park`, and goes on in its next turn (docs/abi.md).
 *
 * Guarantee: the code of the guest only sees a 1 there. So no source has to know of it, neither the
 * library nor a guest that declares the import itself.
 */
import type binaryen from "binaryen";
import { GIVES_WAY_EXPORT } from "../../host/wire/abi.ts";
import { SEND_ACCEPTED, SEND_GIVE_WAY } from "../../host/wire/message.ts";
import { redirect } from "./calls.ts";
import { entriesOf, importsOf } from "./entries.ts";
import { floodsIn } from "./floods.ts";

type Binaryen = typeof binaryen;
type Code = binaryen.ExpressionRef;

/** The imports that may answer 2. */
const SENDS = ["send", "send_named"];
const MARKER = "isopod/givesWay";
/** The module of the imports that stand for sends that give way, until they are replaced. */
const FLOODS = "isopod";

/** What a send does beside calling the import. */
interface Sending {
  /** What it does first. */
  readonly before?: () => Code;
  /** What it does where the host has answered 2. */
  readonly parks: () => Code;
}

/** Whether a module sends and has an entry. Only an entry can wait. */
export function canGiveWay(b: Binaryen, module: binaryen.Module): boolean {
  return entriesOf(b, module).length > 0 && sendsOf(b, module).length > 0;
}

/** Makes all sends of a module give way by its import `park`, if it has one. */
export function giveWayByPark(b: Binaryen, module: binaryen.Module): void {
  const [park] = importsOf(b, module, "park");
  if (park === undefined || !canGiveWay(b, module)) return;
  replaceSends(b, module, "actor", { parks: () => module.call(park, [], b.i32) });
  mark(b, module);
}

/**
 * Makes the sends that have to give way call imports of their own. They are for Asyncify, and
 * `replaceFloods` has to follow.
 *
 * @returns the names of these imports, as Asyncify wants them; none where no send has to give way
 */
export function separateFloods(b: Binaryen, module: binaryen.Module): readonly string[] {
  const floods = floodsIn(b, module, sendsOf(b, module), importsOf(b, module, "park"));
  const names = new Set<string>();
  for (const call of floods) {
    const info = b.getFunctionInfo(module.getFunction(call.target));
    const name = `${FLOODS}/${info.base}`;
    if (module.getFunction(name) === 0)
      module.addFunctionImport(name, FLOODS, String(info.base), info.params, info.results);
    redirect(b, call, name);
    names.add(`${FLOODS}.${info.base}`);
  }
  return [...names];
}

/** Replaces all sends. Those that were separated park, and the others go on. */
export function replaceFloods(b: Binaryen, module: binaryen.Module, sending: Sending): void {
  replaceSends(b, module, FLOODS, sending);
  // The host answers 2 again, to the next send that gives way.
  replaceSends(b, module, "actor", { parks: () => module.i32.const(SEND_ACCEPTED) });
  mark(b, module);
}

/** Internal names of the imports that send. */
function sendsOf(b: Binaryen, module: binaryen.Module): readonly string[] {
  return SENDS.flatMap(base => importsOf(b, module, base));
}

function mark(b: Binaryen, module: binaryen.Module): void {
  module.addGlobal(MARKER, b.i32, false, module.i32.const(1));
  module.addGlobalExport(MARKER, GIVES_WAY_EXPORT);
}

/** The internal name of the import that all of these functions call. */
function importOf(base: string): string {
  return `isopod/host/${base}`;
}

/** Replaces each import that sends by a function of the same name that calls it. */
function replaceSends(b: Binaryen, module: binaryen.Module, from: string, sending: Sending): void {
  for (const base of SENDS) {
    const own = importOf(base);
    for (const name of importsOf(b, module, base, from)) {
      if (name !== own) replaceSend(b, module, name, base, sending);
    }
  }
}

function replaceSend(
  b: Binaryen,
  module: binaryen.Module,
  name: string,
  base: string,
  { before, parks }: Sending,
): void {
  const { params } = b.getFunctionInfo(module.getFunction(name));
  const types = b.expandType(params);
  const status = types.length;
  const given = types.map((type, index) => module.local.get(index, type));
  const imported = importOf(base);
  module.removeFunction(name);
  if (module.getFunction(imported) === 0) module.addFunctionImport(imported, "actor", base, params, b.i32);
  const isGiveWay = module.i32.eq(
    module.local.tee(status, module.call(imported, given, b.i32), b.i32),
    module.i32.const(SEND_GIVE_WAY),
  );
  const code = [
    ...(before === undefined ? [] : [before()]),
    module.if(isGiveWay, module.return(parks())),
    module.return(module.local.get(status, b.i32)),
  ];
  module.addFunction(name, params, b.i32, [b.i32], module.block(null, code));
}
