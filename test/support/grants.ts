import type { Grants } from "../../host/index.ts";

/** Each grant by its name: what "all" means, for suites that leave some out. */
export const EVERY_GRANT: Grants = {
  spawn: "any",
  kill: true,
  register: true,
  lookup: true,
  log: true,
  clock: true,
  random: true,
  imports: "any",
};
