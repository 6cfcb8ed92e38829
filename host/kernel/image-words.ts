/** The words of first states, of images, and of what the kernel knows of an instance. image.ts says what an image is. */
import { STAGING } from "./words.ts";

export const LINE_BYTES = 64;
/** An actor with a larger memory keeps its instance. */
export const IMAGE_MAX_PAGES = 64;
/** The lines of the largest memory, and of as many globals as there can be. */
export const MAX_LINES = 65_600;
/** No image is longer: it has a word for each line, and all of their words. */
export const IMAGE_MAX_BYTES = 4_460_824;
/** A longer block is refused where it would exceed the limit `allMemoryBytes`. */
export const ALWAYS_KEPT_BYTES = 131_072;
/** Where the size class of its block is. */
export const BLOCK_CLASS = 0;

// A first state: a header, the lines of the memory, and the lines of the globals. That of a derived module has only
// the lines that differ from the first state of its module, its *root*: the words of their addresses, and the lines.
export const STATE_HEADER = 64;
/** Bytes in use. */
export const STATE_LENGTH = 4;
export const STATE_LIMIT = 8;
export const STATE_PAGES = 12;
/** Of a derived module: its root; 0: it is one. */
export const STATE_ROOT = 16;
/** Of a root: the first line of the memory that is not all zeros, and the end of the last one. */
export const STATE_FROM = 20;
export const STATE_UNTIL = 24;
/** How many globals `isopod:globals` copies, and how many it may. */
export const STATE_GLOBALS = 28;
export const GLOBALS_MAX = 512;
/** The end of the scratch memory: what lies below counts as zeros, and is cleared when an actor leaves. */
export const STATE_SCRATCH = 32;
/** Where its globals are, from its beginning on. */
export const STATE_GLOBALS_AT = 36;
/** How many lines differ from the root, and where they are, from its beginning on. Their addresses are behind the header. */
export const STATE_LINES = 40;
export const STATE_LINES_AT = 44;
/** Of a root: how many pools and derived states need it. */
export const STATE_USERS = 48;

// An image: a header, a word for each line that differs, padding to 8 bytes, and the words that differ.
export const IMAGE_HEADER = 24;
/** Bytes in use. */
export const IMAGE_LENGTH = 4;
/** The actor's store limit: not below the end of a line that differs, nor beyond the end of the memory. */
export const IMAGE_LIMIT = 8;
export const IMAGE_PAGES = 12;
/** The first state that it differs from; 0: the image is not valid. */
export const IMAGE_STATE = 16;
/** How many lines differ. */
export const IMAGE_LINES = 20;
/**
 * A line's word is its address, shifted left, and in the lower bits which of its words of 8 bytes differ.
 * Globals have the addresses from the end of the memory on.
 */
export const LINE_ADDRESS_SHIFT = 2;
export const LINE_MASK = 255;
/** From pages to the word of the first line of the globals. */
export const PAGES_WORD_SHIFT = 18;

// Scratch for one call, where else payloads of the host are staged: the words of at most MAX_LINES lines that
// differ, the globals of a guest, and bytes of its memory.
export const FOUND = STAGING;
export const GLOBALS_KEPT = 327_936;
export const BYTES_KEPT = 332_032;

/** Answers of `keepFirstState`. No block begins there. */
export const NO_MEMORY = 0;
export const TOO_LARGE = 1;
