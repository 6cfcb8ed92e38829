/**
 * The tables of a module, bounded: together they begin with no more elements than the limit, and
 * each gets a maximum so that they stay within it. The later ones are cut first.
 */
import type { Cursor } from "./cursor.ts";
import { readTable, type TableDeclaration } from "./declarations.ts";
import { walk } from "./instructions.ts";
import type { Output } from "./output.ts";
import { Section } from "./sections.ts";
import { Unconfinable } from "./unconfinable.ts";
import { IGNORE } from "./visitor.ts";

interface Table {
  readonly initial: number;
  maximum: number;
  /** Where its type begins, with the mark of a filled table, and where it ends. */
  readonly from: number;
  readonly typeTo: number;
  /** Where the value of its elements begins and ends. Empty in most tables. */
  readonly valueFrom: number;
  readonly valueTo: number;
}

export class Tables {
  readonly #maxElements: number;
  readonly #tables: Table[] = [];

  constructor(maxElements: number) {
    this.#maxElements = maxElements;
  }

  /** Reads a table of the module's own. `check` may refuse it. */
  read(body: Cursor, check: (table: TableDeclaration) => void): void {
    const from = body.at;
    const table = readTable(body);
    check(table);
    const { initial, maximum, typeTo, isFilled } = table;
    const valueFrom = body.at;
    if (isFilled) walk(body, IGNORE);
    this.#tables.push({ initial, maximum, from, typeTo, valueFrom, valueTo: body.at });
  }

  checkElements(elements: number, what: string): void {
    if (elements <= this.#maxElements) return;
    throw new Unconfinable(`${what}, and the limit tableElements is ${this.#maxElements}`);
  }

  /** Gives the tables their maxima. Answers whether any is new. */
  cut(): boolean {
    const initial = this.#tables.reduce((sum, table) => sum + table.initial, 0);
    this.checkElements(initial, `needs tables of ${initial} elements to start`);
    let room = this.#maxElements - initial;
    let isAnyCut = false;
    for (const table of this.#tables) {
      const maximum = Math.min(table.maximum, table.initial + room);
      room -= maximum - table.initial;
      if (maximum !== table.maximum) isAnyCut = true;
      table.maximum = maximum;
    }
    return isAnyCut;
  }

  /** Writes the section of tables with their maxima. */
  write(out: Output, bytes: Uint8Array): void {
    out.begin(Section.table);
    out.u32(this.#tables.length);
    for (const { initial, maximum, from, typeTo, valueFrom, valueTo } of this.#tables) {
      out.copy(bytes, from, typeTo);
      out.put(1);
      out.u32(initial);
      out.u32(maximum);
      out.copy(bytes, valueFrom, valueTo);
    }
    out.end();
  }
}
