/**
 * What the kernel's module exports. It has two uses. One instance for each runtime is the *kernel*,
 * for the host and for turns. One instance for each guest is its *port*: what the guest calls.
 */
// The kernel.
export { classFor, give, take } from "./arena.ts";
export { findDelegated, findLink, findMonitor } from "./buckets.ts";
export { deliver } from "./delivery.ts";
export { derive, dropState } from "./derived-state.ts";
export { descend } from "./descent.ts";
// A port.
export { keepFirstState } from "./first-state.ts";
export { save } from "./image.ts";
export { dropImage, takeImage } from "./image-blocks.ts";
export { sizeFor } from "./items.ts";
export { run, runTimed, turnOf } from "./loop.ts";
export { first, remove } from "./mailbox.ts";
export { mark, unmark } from "./marks.ts";
export { closeOutbox, openOutbox, outboxFor } from "./outbox.ts";
export { settle, vacate } from "./pool.ts";
export { enqueue } from "./queue.ts";
export { recv, recvMatch, recvTag } from "./receive.ts";
export { recordAt } from "./records.ts";
export { request } from "./request.ts";
export { enter, leave, recycle } from "./residence.ts";
export { beginIn, loadImage, reset, resetSaved } from "./restore.ts";
export { delegateTie, firstTie, firstWatcher, loosenLink } from "./retie.ts";
export { findRef, from, next, startFor } from "./search.ts";
export { mayTake } from "./segments.ts";
export { me } from "./self.ts";
export { countSent, send } from "./send.ts";
export { demonitor, link, monitor, trapExit, unlink } from "./signals.ts";
export { close, hide, open } from "./slots.ts";
export { spawn } from "./spawn.ts";
export { dropTie, linkBoth, watch } from "./ties.ts";
export { begin, park, proceed, turn } from "./turn.ts";
