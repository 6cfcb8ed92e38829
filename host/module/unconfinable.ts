/**
 * The module cannot be confined. The message continues a sentence that begins with the module's
 * name: `has two memories; an actor has one`.
 */
export class Unconfinable extends Error {}
