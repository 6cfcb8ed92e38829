/**
 * What a scenario is. Each one has a file in `bench/scenarios/`, which names the guest in
 * `bench/guests/` and the file that the peers have in `bench/peers/`.
 */
import type { PeerName } from "./peers.ts";
import type { Parameters, Prepared } from "./round.ts";

/** How isopod's guests wait: as a handler, as a process by Asyncify, or as a process by JSPI. */
export type Style = "handler" | "process" | "jspi";

export interface Scenario {
  readonly name: string;
  readonly summary: string;
  /** One operation, for example `a message received`. */
  readonly operation: string;
  /** All parameters with their defaults. Peers get the same. */
  readonly parameters: Parameters;
  /** The main guest: `bench/guests/<guest>.ts`. */
  readonly guest: string;
  /**
   * The peers' file without folder and extension, for example `messages`. Undefined: no peer has
   * the scenario.
   */
  readonly peerFile?: string;
  /** The peers' name of the scenario. Default: `name`. */
  readonly peerScenario?: string;
  /** All styles in which isopod can play it. */
  readonly styles: readonly Style[];
  /** The styles that `isopod bench all` plays. Default: the first of `styles`. */
  readonly usualStyles?: readonly Style[];
  /**
   * True if the time of a round says nothing, because the scenario has a natural pace or times each
   * operation. Reports then show the distribution of single operations only.
   */
  readonly paced?: boolean;
  /** What the peers play instead of `parameters`. */
  readonly peerParameters?: Parameters;
  /** The most rounds of a contest, if a round takes seconds. */
  readonly mostRounds?: number;
  /** Why a default differs from that of the peers. */
  readonly note?: string;
  readonly sweep?: Sweep;
  /** Compiles and loads the guests. */
  prepare(parameters: Parameters, style: Style): Promise<Prepared>;
}

/** The same scenario at several sizes. */
export interface Sweep {
  /** The parameter that grows. */
  readonly along: string;
  /** The parameters that differ from the defaults at each size. */
  readonly points: readonly Parameters[];
  readonly styles: readonly Style[];
  /** The peers that play the sweep. */
  readonly peers: readonly PeerName[];
  readonly beside?: readonly Beside[];
}

/** A reference that is no actor system. It plays in the same rounds as the scenario. */
export interface Beside {
  readonly name: string;
  prepare(parameters: Parameters): Promise<Prepared>;
}
