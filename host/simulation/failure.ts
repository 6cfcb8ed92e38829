/** Why a run of a simulation has failed. */

export type FailureKind =
  | "crash"
  | "end"
  | "deadlock"
  | "livelock"
  | "invariant"
  | "rejection"
  | "callback"
  | "outside";

export interface Failure {
  readonly kind: FailureKind;
  /** In words, with the file and the line where they are known. */
  readonly reason: string;
}

/** The text of something that was thrown. */
export function textOf(error: unknown): string {
  return error instanceof Error ? error.message || error.name : String(error);
}
