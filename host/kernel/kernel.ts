/** The kernel's functions. */
export { bump } from "./arena.ts";
