/** What the words of a record say: where an actor is in its life, what it waits for, and what keeps it from calling imports. */

// Plain constants here and in message.ts: engines fold these, but load the members of constant objects, which costs a tenth of a message.

/** Where an actor is in its life. */
export const READY = 0;
export const RUNNING = 1;
export const PARKED = 2;
export const DEAD = 3;
export type State = typeof READY | typeof RUNNING | typeof PARKED | typeof DEAD;

/** What a receive is after. */
export const WANT_ANY = 0;
export const WANT_TAG = 1;
export const WANT_MATCH = 2;
export const WANT_REF = 3;
/** No item: the answer of a function of the embedder's. */
export const WANT_ANSWER = 4;
export type Want = typeof WANT_ANY | typeof WANT_TAG | typeof WANT_MATCH | typeof WANT_REF | typeof WANT_ANSWER;

/** What keeps an actor from calling imports: nothing; its predicate is being asked; it is to end, and `exiting` says why. */
export const FREE = 0;
export const ASKING = 1;
export const EXITING = 2;
export type Restraint = typeof FREE | typeof ASKING | typeof EXITING;
