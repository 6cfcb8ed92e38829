/** The values of some words of a record, as types: an actor's state, what it waits for, and its restraint. */
import type {
  ASKING,
  DEAD,
  EXITING,
  FREE,
  PARKED,
  READY,
  RUNNING,
  WANT_ANSWER,
  WANT_ANY,
  WANT_MATCH,
  WANT_REF,
  WANT_TAG,
} from "../kernel/words.ts";

/** Where an actor is in its life. */
export type State = typeof READY | typeof RUNNING | typeof PARKED | typeof DEAD;

/** What a parked actor waits for. An actor that gives way never parks. */
export type Want = typeof WANT_ANY | typeof WANT_TAG | typeof WANT_MATCH | typeof WANT_REF | typeof WANT_ANSWER;

/**
 * What keeps an actor from calling imports: nothing; its predicate is being asked; or it is about to
 * end, for the reason in `exiting`.
 */
export type Restraint = typeof FREE | typeof ASKING | typeof EXITING;
