/**
 * Decides what each path through a function is charged: where the charges stand, and how many
 * reductions each takes.
 *
 * Guarantee: on every path, at least what was run has been charged. A short part of code leaves its
 * ticks to the code around it, which charges for its most expensive path. So a tight loop charges
 * at its head alone, and a path is charged little for code that it passes by.
 *
 * The walk keeps a debt: the most ticks that any path to the current instruction has run and was
 * not charged for. A charge lowers the debt. Where paths meet, the debt is the greatest of theirs.
 * Each arm of an `if`, each loop, each `try` and the function is a scope, and control flow divides
 * a scope into parts. When a part ends, whole reductions beyond the debt with which the scope began
 * are charged at the part's beginning, which every path to its end has passed. Heads, of loops and
 * of the function, charge what is left at the back edges, or exits.
 */
import type { Arity } from "./block-type.ts";
import type { Flow } from "./visitor.ts";
import { TICKS, TICKS_PER_VALUE } from "./weights.ts";

/** Where charges can stand. */
export interface ChargeSites {
  /**
   * Adds a site at the current instruction. Answers its number. A charge at a head also asks for a
   * new budget where the old one is spent.
   */
  add(isHead: boolean): number;
  /** Sets the charge at a site. A site without it has no charge. */
  charge(site: number, reductions: number): void;
}

/** The debt where no path leads. */
const NOWHERE = Number.NEGATIVE_INFINITY;

/**
 * A part with less debt of its own has no charge, because a charge takes as long as some ten
 * instructions.
 */
const PART_TICKS = 4 * TICKS;

/**
 * The exits of a scope that are kept apart. The debt at others is kept as it is there, and later
 * charges do not lower it.
 */
const MAX_EXITS = 16;

/** A branch out of a scope, or to the end of a block in it. */
interface Exit {
  readonly target: Label;
  debt: number;
}

interface Scope {
  /** The debt at its beginning, or at the end of the head's part. */
  base: number;
  /** The site of the current part. */
  site: number;
  /** The current part is the head's, which is charged when the scope ends. */
  isAtHead: boolean;
  readonly exits: Exit[];
  /** The greatest debt where something can be thrown: in the current part, and in the parts before. */
  thrownHere: number;
  thrown: number;
}

interface Label {
  readonly scope: Scope;
  /** The scope ends with this label. */
  readonly isScope: boolean;
  readonly isLoop: boolean;
  /** How many values a branch to it carries. */
  readonly arity: number;
  /** The debt, and the site, at its beginning. */
  readonly began: number;
  readonly head: number;
  /** An `if` without an `else`. */
  mayBePassed: boolean;
  /** The debt at branches to it that are among the exits of no scope. */
  joined: number;
  /** Where a `try_table` continues with what was thrown. */
  readonly handlers: readonly Label[];
}

const NO_LABELS: readonly Label[] = [];

export class Paths implements Flow {
  readonly #sites: ChargeSites;
  readonly #typeOf: (block: number) => Arity;
  readonly #labels: Label[] = [];
  #debt: number;
  /** Whether some part other than a head's has a charge, which does not ask for a new budget. */
  chargesParts = false;

  /** @param locals how many locals the function has, which the engine sets first */
  constructor(sites: ChargeSites, locals: number, typeOf: (block: number) => Arity) {
    this.#sites = sites;
    this.#typeOf = typeOf;
    this.#debt = locals;
    this.#open(true, false, 0, NO_LABELS, true);
  }

  run(ticks: number): void {
    this.#debt += ticks;
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
    this.#debt += labels[0].arity * TICKS_PER_VALUE;
    this.#split(scope);
    for (const label of labels) this.#exit(scope, label, this.#debt);
  }

  return(): void {
    this.branch([this.#labels.length - 1]);
    this.leave();
  }

  leave(): void {
    this.#split(this.#last.scope);
    this.#debt = NOWHERE;
  }

  end(): void {
    const label = this.#last;
    if (label.isScope) this.#endScope(label);
    else this.#endBlock(label);
  }

  /** What the function's head must charge for, after the function has ended. */
  get debt(): number {
    return this.#debt;
  }

  get #last(): Label {
    return this.#labels[this.#labels.length - 1];
  }

  #label(depth: number): Label {
    return this.#labels[this.#labels.length - 1 - depth];
  }

  #enter(type: number): Arity {
    const found = this.#typeOf(type);
    this.#debt += (found.parameters + found.results) * TICKS_PER_VALUE;
    return found;
  }

  #open(isScope: boolean, isLoop: boolean, arity: number, handlers = NO_LABELS, isHead = false): void {
    const began = this.#debt;
    let head = 0;
    let scope = this.#last?.scope;
    if (isScope) {
      if (scope !== undefined) scope.thrownHere = Math.max(scope.thrownHere, began);
      head = this.#sites.add(isHead);
      scope = { base: began, site: head, isAtHead: isHead, exits: [], thrownHere: NOWHERE, thrown: NOWHERE };
    }
    this.#labels.push({ scope, isScope, isLoop, arity, began, head, mayBePassed: false, joined: NOWHERE, handlers });
  }

  /**
   * Ends the current part and begins another, because paths split or meet. `exits` are those of a
   * scope in the part that has ended.
   */
  #split(scope: Scope, exits: readonly Exit[] = []): void {
    let most = this.#debt;
    for (const { debt } of exits) most = Math.max(most, debt);
    if (scope.isAtHead) {
      // The head charges all of it.
      if (most !== NOWHERE) scope.base = most;
      scope.isAtHead = false;
    } else if (most - scope.base >= PART_TICKS) {
      const reductions = Math.floor((most - scope.base) / TICKS);
      this.#sites.charge(scope.site, reductions);
      this.chargesParts = true;
      this.#debt -= reductions * TICKS;
      scope.thrownHere -= reductions * TICKS;
      for (const exit of exits) exit.debt -= reductions * TICKS;
    }
    scope.thrown = Math.max(scope.thrown, scope.thrownHere, this.#debt);
    scope.thrownHere = NOWHERE;
    scope.site = this.#sites.add(false);
  }

  #exit(scope: Scope, target: Label, debt: number): void {
    if (debt === NOWHERE) return;
    const known = scope.exits.find(exit => exit.target === target);
    if (known !== undefined) known.debt = Math.max(known.debt, debt);
    else if (scope.exits.length < MAX_EXITS) scope.exits.push({ target, debt });
    else target.joined = Math.max(target.joined, debt);
  }

  /** The greatest debt at all branches to a label, which ends now. */
  #joined(label: Label): number {
    const { exits } = label.scope;
    const index = exits.findIndex(({ target }) => target === label);
    if (index < 0) return label.joined;
    return Math.max(label.joined, ...exits.splice(index, 1).map(({ debt }) => debt));
  }

  #endScope(label: Label): void {
    const { scope, began, mayBePassed, isLoop } = label;
    if (isLoop) this.#endLoop(label);
    else {
      this.#endArm(label);
      if (mayBePassed) this.#exit(scope, label, began);
      this.#debt = this.#joined(label);
    }
    this.#labels.pop();
    if (this.#labels.length > 0) this.#leaveScope(label);
    else this.#debt = Math.max(this.#debt, scope.thrown, 0);
  }

  #endArm(label: Label): void {
    this.#split(label.scope);
    this.#exit(label.scope, label, this.#debt);
  }

  #beginArm({ scope, began }: Label, debt: number): void {
    this.#debt = debt;
    scope.base = began;
    scope.site = this.#sites.add(false);
  }

  #endBlock(label: Label): void {
    const joined = this.#joined(label);
    if (joined !== NOWHERE) {
      this.#split(label.scope);
      this.#debt = Math.max(this.#debt, joined);
    }
    this.#labels.pop();
  }

  /**
   * The head charges for the most expensive round. A loop without a branch back runs once, so its
   * ticks stay in the debt.
   */
  #endLoop(label: Label): void {
    const { scope, began, head } = label;
    this.#split(scope);
    const back = this.#joined(label);
    if (back === NOWHERE) return;
    const reductions = Math.max(0, Math.floor((back - began) / TICKS));
    // One more, for the head itself and for the rest of the division.
    this.#sites.charge(head, reductions + 1);
    this.#debt -= reductions * TICKS;
    scope.thrown -= reductions * TICKS;
    for (const exit of scope.exits) exit.debt -= reductions * TICKS;
  }

  #leaveScope({ scope, handlers }: Label): void {
    for (const handler of handlers) this.#exit(scope, handler, scope.thrown);
    const around = this.#last.scope;
    around.thrownHere = Math.max(around.thrownHere, scope.thrown);
    if (scope.exits.length === 0) return;
    this.#split(around, scope.exits);
    for (const { target, debt } of scope.exits) this.#exit(around, target, debt);
  }
}
