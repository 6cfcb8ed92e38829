/** What the demo's page and its server agree on. */

/** Guests of `guest/examples/` that the page can run. */
export const guestNames = ["table-tennis", "primes", "supervised-counter", "hello"] as const;
export type GuestName = (typeof guestNames)[number];

/** How a guest can wait. */
export const parkWays = ["asyncify", "jspi"] as const;
export type ParkWay = (typeof parkWays)[number];

/** The header that carries the token of the page. */
export const TOKEN_HEADER = "x-isopod-token";

/**
 * A message of the compiler. `line` and `column`, both from 1, are in the source that the page has
 * sent.
 */
export interface Diagnostic {
  readonly severity: "error" | "warning" | "info";
  readonly message: string;
  readonly line?: number;
  readonly column?: number;
}
