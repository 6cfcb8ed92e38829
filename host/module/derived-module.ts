/** A module whose actors begin with the state of an image. `Runtime.derive` makes it. */
import type { GuestModule } from "./guest-module.ts";

export class DerivedModule {
  /** The module that has its code. They share instances. */
  readonly base: GuestModule;
  /** The entry that its actors run: that of the image's actor. */
  readonly entry: string;

  constructor(base: GuestModule, entry: string) {
    this.base = base;
    this.entry = entry;
  }

  /** For messages: the name of `base`. */
  get name(): string {
    return this.base.name;
  }
}
