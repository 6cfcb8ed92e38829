/** The values of some words of a record, as types: an actor's state, what it waits for, and its restraint. */
import {
  type ASKING,
  type DEAD,
  type EXITING,
  type FREE,
  type PARKED,
  type READY,
  type RUNNING,
  type WANT_ANSWER,
  type WANT_ANY,
  type WANT_MATCH,
  type WANT_REF,
  type WANT_TAG,
  type WANT_TURN,
} from "../kernel/words.ts";

/** Where an actor is in its life. */
export type State = typeof READY | typeof RUNNING | typeof PARKED | typeof DEAD;

/** What a receive takes. */
export type Want =
  | typeof WANT_ANY
  | typeof WANT_TAG
  | typeof WANT_MATCH
  | typeof WANT_REF
  | typeof WANT_ANSWER
  | typeof WANT_TURN;

/**
 * What keeps an actor from calling imports: nothing; its predicate is being asked; or it is about to
 * end, for the reason in `exiting`.
 */
export type Restraint = typeof FREE | typeof ASKING | typeof EXITING;
