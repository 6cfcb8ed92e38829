/**
 * What each path through a function is charged. It divides the code where control splits and meets, and says how many reductions each part pays as it begins.
 *
 * Guarantee: on every path, whatever it leaves by, at least what was run has been charged. A part that is short leaves its ticks to what is around it, which
 * pays for its dearest way. So a tight loop pays at its head alone, and a path pays little for what it passes by.
 *
 * The walk keeps an account: the ticks that were run and are not paid yet, at most, on any path to where it is. A charge takes from the account; where paths
 * meet it is the greatest of theirs. Each arm of an `if`, each loop and the function is a scope. A scope keeps the account near what it was when the scope began:
 * whole reductions beyond that are charged at the last place which every path to here has passed. Loops and the function pay at their heads for what is left
 * at the back edges, or exits.
 */
import type { Arity } from "./block-type.ts";
import type { Flow } from "./visitor.ts";
import { TICKS, TICKS_PER_VALUE } from "./weights.ts";

/** Where charges go. */
export interface Places {
  /** A place for a charge. Answers its number. Heads, of loops and of the function, also ask for a new budget where the old one is spent. */
  here(isHead: boolean): number;
  /** So many reductions are charged there. A place that is never named again has no charge. */
  pay(place: number, reductions: number): void;
}

/** The account where no path leads. */
const NOWHERE = Number.NEGATIVE_INFINITY;

/** A part that costs less than this beyond what is around it pays nothing itself: a charge takes as long as some ten instructions. */
const PART_TICKS = 4 * TICKS;

/** More exits of a scope are not kept apart: they count as if nothing were paid for them later. */
const MOST_EXITS = 16;

interface Exit {
  readonly target: Label;
  ticks: number;
}

interface Scope {
  /** What the account was at its beginning, or at the end of its head's part. */
  base: number;
  /** Where the part pays that the walk is in. */
  place: number;
  /** That part is the head's, which pays in the end. */
  isAtHead: boolean;
  /** The account at branches out of the scope, and to blocks in it. */
  readonly exits: Exit[];
  /** The account at most where something is thrown: in this part, and in those before. */
  thrownHere: number;
  thrown: number;
}

interface Label {
  readonly scope: Scope;
  /** The scope ends with it. */
  readonly isScope: boolean;
  readonly isLoop: boolean;
  /** Values that a branch to it carries. */
  readonly arity: number;
  /** The account, and the place, at its beginning. */
  readonly began: number;
  readonly head: number;
  /** An `if` without an `else`. */
  mayBePassed: boolean;
  /** The account at branches to it that are among no scope's exits. */
  joined: number;
  /** Where a `try_table` goes with what was thrown. */
  readonly handlers: readonly Label[];
}

const NO_LABELS: readonly Label[] = [];

export class Paths implements Flow {
  readonly #places: Places;
  readonly #typeOf: (block: number) => Arity;
  readonly #labels: Label[] = [];
  #ticks: number;
  /** Some part pays for itself, where nothing asks for a new budget. */
  paysApart = false;

  /** @param locals of the function, which have to be set first */
  constructor(places: Places, locals: number, typeOf: (block: number) => Arity) {
    this.#places = places;
    this.#typeOf = typeOf;
    this.#ticks = locals;
    this.#open(true, false, 0, NO_LABELS, true);
  }

  run(ticks: number): void {
    this.#ticks += ticks;
  }

  block(type: number): void {
    this.#open(false, false, this.#enter(type).results);
  }

  loop(type: number): void {
    this.#open(true, true, this.#enter(type).parameters, NO_LABELS, true);
  }

  if(type: number): void {
    this.#open(true, false, this.#enter(type).results);
    this.#last.mayBePassed = true;
  }

  try(type: number, handlers: readonly number[]): void {
    const labels = handlers.map(depth => this.#label(depth));
    this.#open(true, false, this.#enter(type).results, labels);
  }

  else(): void {
    const label = this.#last;
    this.#endArm(label);
    label.mayBePassed = false;
    this.#beginArm(label, label.began);
  }

  catch(): void {
    const label = this.#last;
    this.#endArm(label);
    this.#beginArm(label, label.scope.thrown);
  }

  branch(depths: Iterable<number>): void {
    const { scope } = this.#last;
    const labels = Array.from(depths, depth => this.#label(depth));
    this.#ticks += labels[0].arity * TICKS_PER_VALUE;
    this.#split(scope);
    for (const label of labels) this.#exit(scope, label, this.#ticks);
  }

  return(): void {
    this.branch([this.#labels.length - 1]);
    this.leave();
  }

  leave(): void {
    this.#split(this.#last.scope);
    this.#ticks = NOWHERE;
  }

  end(): void {
    const label = this.#last;
    if (label.isScope) this.#endScope(label);
    else this.#endBlock(label);
  }

  /** When the function has ended: what its head has to pay for. */
  get left(): number {
    return this.#ticks;
  }

  get #last(): Label {
    return this.#labels[this.#labels.length - 1];
  }

  #label(depth: number): Label {
    return this.#labels[this.#labels.length - 1 - depth];
  }

  #enter(type: number): Arity {
    const found = this.#typeOf(type);
    this.#ticks += (found.parameters + found.results) * TICKS_PER_VALUE;
    return found;
  }

  #open(isScope: boolean, isLoop: boolean, arity: number, handlers = NO_LABELS, isHead = false): void {
    const began = this.#ticks;
    let head = 0;
    let scope = this.#last?.scope;
    if (isScope) {
      if (scope !== undefined) scope.thrownHere = Math.max(scope.thrownHere, began);
      head = this.#places.here(isHead);
      scope = { base: began, place: head, isAtHead: isHead, exits: [], thrownHere: NOWHERE, thrown: NOWHERE };
    }
    this.#labels.push({ scope, isScope, isLoop, arity, began, head, mayBePassed: false, joined: NOWHERE, handlers });
  }

  /** The part ends here, and another begins: paths have split, or meet. `exits` are those of a scope in the part, which is over. */
  #split(scope: Scope, exits: readonly Exit[] = []): void {
    let most = this.#ticks;
    for (const { ticks } of exits) most = Math.max(most, ticks);
    if (scope.isAtHead) {
      // All of it is left for the head.
      if (most !== NOWHERE) scope.base = most;
      scope.isAtHead = false;
    } else if (most - scope.base >= PART_TICKS) {
      const reductions = Math.floor((most - scope.base) / TICKS);
      this.#places.pay(scope.place, reductions);
      this.paysApart = true;
      this.#ticks -= reductions * TICKS;
      scope.thrownHere -= reductions * TICKS;
      for (const exit of exits) exit.ticks -= reductions * TICKS;
    }
    scope.thrown = Math.max(scope.thrown, scope.thrownHere, this.#ticks);
    scope.thrownHere = NOWHERE;
    scope.place = this.#places.here(false);
  }

  #exit(scope: Scope, target: Label, ticks: number): void {
    if (ticks === NOWHERE) return;
    const known = scope.exits.find(exit => exit.target === target);
    if (known !== undefined) known.ticks = Math.max(known.ticks, ticks);
    else if (scope.exits.length < MOST_EXITS) scope.exits.push({ target, ticks });
    else target.joined = Math.max(target.joined, ticks);
  }

  /** The account at all branches to a label, now that it ends. */
  #joined(label: Label): number {
    const { exits } = label.scope;
    const index = exits.findIndex(({ target }) => target === label);
    if (index < 0) return label.joined;
    return Math.max(label.joined, ...exits.splice(index, 1).map(({ ticks }) => ticks));
  }

  #endScope(label: Label): void {
    const { scope, began, mayBePassed, isLoop } = label;
    if (isLoop) this.#endLoop(label);
    else {
      this.#endArm(label);
      if (mayBePassed) this.#exit(scope, label, began);
      this.#ticks = this.#joined(label);
    }
    this.#labels.pop();
    if (this.#labels.length > 0) this.#leaveScope(label);
    else this.#ticks = Math.max(this.#ticks, scope.thrown, 0);
  }

  #endArm(label: Label): void {
    this.#split(label.scope);
    this.#exit(label.scope, label, this.#ticks);
  }

  #beginArm({ scope, began }: Label, ticks: number): void {
    this.#ticks = ticks;
    scope.base = began;
    scope.place = this.#places.here(false);
  }

  #endBlock(label: Label): void {
    const joined = this.#joined(label);
    if (joined !== NOWHERE) {
      this.#split(label.scope);
      this.#ticks = Math.max(this.#ticks, joined);
    }
    this.#labels.pop();
  }

  /** The head pays for the dearest round. What never goes back is no loop, and its ticks stay in the account. */
  #endLoop(label: Label): void {
    const { scope, began, head } = label;
    this.#split(scope);
    const back = this.#joined(label);
    if (back === NOWHERE) return;
    const reductions = Math.max(0, Math.floor((back - began) / TICKS));
    // The one more is for the head itself, and for the rest of the division.
    this.#places.pay(head, reductions + 1);
    this.#ticks -= reductions * TICKS;
    scope.thrown -= reductions * TICKS;
    for (const exit of scope.exits) exit.ticks -= reductions * TICKS;
  }

  #leaveScope({ scope, handlers }: Label): void {
    for (const handler of handlers) this.#exit(scope, handler, scope.thrown);
    const around = this.#last.scope;
    around.thrownHere = Math.max(around.thrownHere, scope.thrown);
    if (scope.exits.length === 0) return;
    this.#split(around, scope.exits);
    for (const { target, ticks } of scope.exits) this.#exit(around, target, ticks);
  }
}
