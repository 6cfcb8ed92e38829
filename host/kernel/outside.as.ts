/**
 * What the kernel calls outside of itself, for AssemblyScript: the same functions as in outside.ts.
 * A name of "gate" is a function of the host. The instructions of the others call through a table:
 * `$turns` by instance, `$guest` by what the guest exports (0: handle, resume or the entry, 1: match, 2: match_first, 3: isopod:globals, 4: the start function).
 */
@external("instruction", "call_indirect $turns (param i32) (result i32)") export declare function callTurn(record: i32, index: i32): i32;
@external("instruction", "call_indirect $turns (param i32) (result i32)") export declare function callLeave(instance: i32, index: i32): i32;
@external("instruction", "i32.const 0 call_indirect $guest") export declare function callEntry(): void;
@external("instruction", "i32.const 4 call_indirect $guest") export declare function callStart(): void;
@external("instruction", "i32.const 0 call_indirect $guest (param i32)") export declare function callHandle(length: i32): void;
@external("instruction", "i32.const 0 call_indirect $guest (param i32) (result i32)") export declare function callResume(result: i32): i32;
@external("instruction", "i32.const 1 call_indirect $guest (param i32 i32 i32) (result i32)") export declare function callMatch(predicate: i32, pointer: i32, length: i32): i32;
@external("instruction", "i32.const 2 call_indirect $guest (param i32 i32 i32) (result i32)") export declare function callMatchFirst(predicate: i32, pointer: i32, length: i32): i32;
@external("instruction", "i32.const 3 call_indirect $guest (param i32 i32)") export declare function callGlobals(at: i32, toMemory: i32): void;
@external("gate", "actor.send") export declare function hostSend(lo: i32, hi: i32, tag: i32, pointer: i32, length: i32): i32;
@external("gate", "actor.request") export declare function hostRequest(lo: i32, hi: i32, tag: i32, pointer: i32, length: i32): i32;
@external("gate", "actor.link") export declare function hostLink(lo: i32, hi: i32): i32;
@external("gate", "actor.unlink") export declare function hostUnlink(lo: i32, hi: i32): i32;
@external("gate", "actor.monitor") export declare function hostMonitor(lo: i32, hi: i32): i32;
@external("gate", "actor.trap_exit") export declare function hostTrapExit(on: i32): i32;
@external("gate", "actor.demonitor") export declare function hostDemonitor(ref: i32, flush: i32): i32;
@external("gate", "actor.recv") export declare function hostRecv(info: i32, pointer: i32, capacity: i32, timeout: i32): i32;
@external("gate", "actor.recv_tag") export declare function hostRecvTag(info: i32, pointer: i32, capacity: i32, timeout: i32, tag: i32): i32;
@external("gate", "actor.recv_match") export declare function hostRecvMatch(info: i32, pointer: i32, capacity: i32, timeout: i32, predicate: i32): i32;
@external("gate", "host.call") export declare function hostCall(): void;
@external("gate", "host.grown") export declare function hostGrown(): void;
@external("gate", "host.charge") export declare function hostCharge(reductions: i32): void;
@external("gate", "host.doomed") export declare function hostDoomed(): void;
@external("gate", "host.astray") export declare function hostAstray(): void;
@external("gate", "host.left") export declare function hostLeft(length: i32): void;
@external("gate", "host.show") export declare function hostShow(payload: i32, pointer: i32, length: i32): void;
@external("gate", "host.drop") export declare function hostDrop(payload: i32): void;
@external("gate", "host.headroom") export declare function hostHeadroom(): void;
@external("gate", "actor.spawn") export declare function hostSpawn(name: i32, nameLength: i32, entry: i32, entryLength: i32, args: i32, argsLength: i32, flags: i32, result: i32): i32;
@external("gate", "host.timed") export declare function hostTimed(record: i32): void;
@external("gate", "host.goOn") export declare function hostGoOn(): i32;
@external("gate", "host.answer") export declare function hostAnswer(): i32;
@external("gate", "host.disarm") export declare function hostDisarm(): void;
@external("gate", "host.strayed") export declare function hostStrayed(pointer: i32): void;
@external("gate", "host.seed") export declare function hostSeed(): void;
