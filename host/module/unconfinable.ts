/** The module cannot be confined. The message continues the module's name: `has two memories; an actor has one`. */
export class Unconfinable extends Error {}
