/** What the modules of tape.ts and player.ts call, for AssemblyScript: the same functions as in tape-outside.ts. */
@external("gate", "port.turn") export declare function portTurn(record: i32): i32;
@external("gate", "port.send") export declare function portSend(lo: i32, hi: i32, tag: i32, pointer: i32, length: i32): i32;
@external("gate", "port.request") export declare function portRequest(lo: i32, hi: i32, tag: i32, pointer: i32, length: i32): i32;
@external("gate", "port.link") export declare function portLink(lo: i32, hi: i32): i32;
@external("gate", "port.unlink") export declare function portUnlink(lo: i32, hi: i32): i32;
@external("gate", "port.monitor") export declare function portMonitor(lo: i32, hi: i32): i32;
@external("gate", "port.demonitor") export declare function portDemonitor(ref: i32, flush: i32): i32;
@external("gate", "tape.seat") export declare function tapeSeat(record: i32): void;
@external("gate", "tape.full") export declare function tapeFull(reel: i32): void;
@external("gate", "tape.long") export declare function tapeLong(position: i32): void;
@external("gate", "tape.begins") export declare function tapeBegins(record: i32): void;
@external("gate", "tape.rests") export declare function tapeRests(record: i32): void;
@external("gate", "tape.pays") export declare function tapePays(): void;
@external("gate", "tape.paid") export declare function tapePaid(): void;
@external("gate", "tape.answer") export declare function tapeAnswer(id: i32): i32;
@external("gate", "tape.meanwhile") export declare function tapeMeanwhile(): void;
