/**
 * Scenarios that are played by guests only. The host spawns one actor for a round, the conductor.
 * The conductor starts the others, reads the clock and sends the host one result.
 */
import type { Parameters, Round } from "./round.ts";
import type { Scenario, Style } from "./scenario.ts";
import { Troupe } from "./troupe.ts";

export interface GuestScenario extends Omit<Scenario, "styles" | "prepare"> {
  /** Default: process and jspi. */
  readonly styles?: readonly Style[];
  /** The conductor's export in the guest. Default: `run`. */
  readonly entry?: string;
  /** More guests: the name under which the conductor spawns each, and its file in `bench/guests/`. */
  readonly modules?: (style: Style) => Readonly<Record<string, string>>;
  /** The number of operations of a round with these parameters. */
  readonly operations: (parameters: Parameters) => number;
  /**
   * Called before the conductor is spawned. The function that it returns is called after the
   * conductor's result.
   */
  readonly around?: (troupe: Troupe, parameters: Parameters) => Promise<() => Partial<Round>>;
}

export function guestScenario(given: GuestScenario): Scenario {
  const { entry = "run", modules, operations, around, styles = ["process", "jspi"], ...scenario } = given;
  return {
    ...scenario,
    styles,
    async prepare(parameters, style) {
      const troupe = await Troupe.gather({ guest: scenario.guest, ...modules?.(style) }, style);
      const values = Object.keys(scenario.parameters).map(name => parameters[name]);
      return {
        async round() {
          const after = await around?.(troupe, parameters);
          const played = await troupe.play(scenario.name, operations(parameters), values, entry);
          return { ...played, ...after?.() };
        },
        stop: () => troupe.stop(),
      };
    },
  };
}
