/**
 * What the modules of tape.ts and player.ts call: the port of the actor, and the host. `tape-outside.as.ts` has the
 * same functions for AssemblyScript. These modules run compiled only, so there is nothing behind the names here.
 */

/** The functions of the actor's port. */
export declare function portTurn(record: i32): i32;
export declare function portSend(lo: i32, hi: i32, tag: i32, pointer: i32, length: i32): i32;
export declare function portRequest(lo: i32, hi: i32, tag: i32, pointer: i32, length: i32): i32;
export declare function portLink(lo: i32, hi: i32): i32;
export declare function portUnlink(lo: i32, hi: i32): i32;
export declare function portMonitor(lo: i32, hi: i32): i32;
export declare function portDemonitor(ref: i32, flush: i32): i32;

/** Another actor has the instance: the host says where its reel is, by `sit`. */
export declare function tapeSeat(record: i32): void;
/** There is no more room in the reel: the host takes its bytes. */
export declare function tapeFull(reel: i32): void;
/** The item at this position is too long for the reel. */
export declare function tapeLong(position: i32): void;
/** A turn begins of an actor that pays, or waits for an answer of the embedder. */
export declare function tapeBegins(record: i32): void;
/** A turn is over of an actor that pays, or of which the host wants to make a checkpoint. */
export declare function tapeRests(record: i32): void;
/** An actor that pays calls an import, and has been answered. */
export declare function tapePays(): void;
export declare function tapePaid(): void;

/** In a replay, what the import of a number answers, where that is the host's to say. */
export declare function tapeAnswer(id: i32): i32;
/** In a replay, an import has answered, and items have come meanwhile. */
export declare function tapeMeanwhile(): void;
