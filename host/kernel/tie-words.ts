/** The words of ties. */

// A tie: a block of 64 bytes, which is in two rings. It begins at a multiple of 64, so that a place in a ring says which tie it is.
export const TIE_BYTES = 64;
/** LINK, MONITOR or WAS_LINKED. */
export const TIE_KIND = 0;
/** The ref of a monitor. */
export const TIE_REF = 4;
/** The record of the actor that has made the tie: the watcher of a monitor. */
export const TIE_OWNER = 8;
/** The record of the other one: the target of a monitor, which alone may answer its ref. */
export const TIE_OTHER = 12;
/** The place in the owner's ring TIES: the places behind it and before it. */
export const OWN_PLACE = 16;
/** The place in the other's ring: WATCHERS for a monitor, TIES for a link. */
export const OTHER_PLACE = 24;
/** 1: an answer with the ref was accepted. A ref takes one. */
export const TIE_ANSWERED = 32;
/** The next tie of its bucket in the index; NOT_INDEXED: it is in none. */
export const NEXT_IN_BUCKET = 36;
/** The pid of the actor that has delegated the request. */
export const VIA_LO = 40;
export const VIA_HI = 44;
/** The next delegated request of its bucket; NOT_INDEXED: it was not delegated. */
export const NEXT_DELEGATED = 48;

/** The words of a place in a ring. */
export const BEHIND = 0;
export const BEFORE = 4;
export const NOT_INDEXED = 1;

/** Values of TIE_KIND. */
export const LINK = 1;
/** A request in flight is a monitor. */
export const MONITOR = 2;
/** A link of an actor that has ended, whose partner has been told. The watchers are told later. */
export const WAS_LINKED = 3;
