/** A module whose actors begin with the state of an image. `Runtime.derive` makes it. */
import type { GuestModule } from "./guest-module.ts";

export class DerivedModule {
  /** The module that has its code. They share instances. */
  readonly base: GuestModule;
  /** The entry that its actors run: that of the image's actor. */
  readonly entry: string;
  /** In messages and observers. */
  readonly name: string;

  constructor(base: GuestModule, entry: string, name: string) {
    this.base = base;
    this.entry = entry;
    this.name = name;
  }
}
