/** The words of segments, items and outboxes. */

// A segment of a mailbox: a header, then items, then a link.
export const SEGMENT_HEADER = 16;
/** Its size class. */
export const SIZE_CLASS = 0;
/** The next segment of the mailbox; 0: it is the last. */
export const NEXT_SEGMENT = 4;
/** Where its items end; 0: it is the last segment, and they end at TAIL. */
export const ITEMS_END = 8;
/** 1: the payload of one of its items is kept by the host. */
export const HAS_OUTSIDE = 12;
/** Bytes at the end of a segment that stay free for a link. */
export const LINK_BYTES = 8;

// An item: eight words, which a guest sees as `info`, and the payload, padded to 8 bytes.
export const ITEM_HEADER = 32;
export const KIND = 0;
export const TAG = 4;
export const FROM_LO = 8;
export const FROM_HI = 12;
export const REF = 16;
export const REASON = 20;
export const LENGTH = 24;
/** The value of ORDERED when it came: says whether two positions name the same item. */
export const ORDER = 28;

// A record of an outbox: the eight words of an item, the pid of the receiver, and the payload, padded to
// 8 bytes. ORDER counts the records of the outbox.
export const TO_LO = 32;
export const TO_HI = 36;
export const OUTGOING_HEADER = 40;

// An outbox: a header, then the records that wait for its carrier.
export const OUTBOX_HEADER = 32;
/** The next outbox; 0: it is the last. */
export const NEXT_OUTBOX = 0;
/** The bits of a pid's second word that say where the outbox leads, as `placeFor` makes them. */
export const OUTBOX_PLACE = 4;
/** The size class of its block. */
export const OUTBOX_CLASS = 8;
/** Where its block ends. */
export const OUTBOX_END = 12;
/** Where the next record goes. */
export const OUTBOX_TAIL = 16;
/** How many records have come, modulo 2^32. */
export const OUTBOX_ORDERED = 20;

/** In a dead item: how many dead items were joined to be this one. */
export const DEAD_COUNT = 8;

/** Values of KIND. A dead item has its size in the word behind; a link, where the next segment's items begin. */
export const IS_DEAD = 0;
export const MESSAGE = 1;
export const DOWN = 2;
export const EXIT = 3;
export const TIMER = 4;
export const IS_LINK = 64;
/** A bit of KIND: the host keeps the payload, and the first word behind the header says where. */
export const OUTSIDE = 32;
