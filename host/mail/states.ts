/** The values of some words of a record: an actor's state, what it waits for, and its restraint. */

// Plain constants, because engines fold these. The members of a constant object are loaded each time,
// which costs a tenth of a message.

/** Where an actor is in its life. */
export const READY = 0;
export const RUNNING = 1;
export const PARKED = 2;
export const DEAD = 3;
export type State = typeof READY | typeof RUNNING | typeof PARKED | typeof DEAD;

/** What a receive takes. */
export const WANT_ANY = 0;
export const WANT_TAG = 1;
export const WANT_MATCH = 2;
export const WANT_REF = 3;
/** No item, but the answer of a function of the embedder. */
export const WANT_ANSWER = 4;
export type Want = typeof WANT_ANY | typeof WANT_TAG | typeof WANT_MATCH | typeof WANT_REF | typeof WANT_ANSWER;

/**
 * What keeps an actor from calling imports: nothing; its predicate is being asked; or it is about to end,
 * for the reason in `exiting`.
 */
export const FREE = 0;
export const ASKING = 1;
export const EXITING = 2;
export type Restraint = typeof FREE | typeof ASKING | typeof EXITING;
