/** The setup module: what of the embedder exists on each thread, because functions cannot be sent to another one. */
import type { RuntimeOptions } from "../options.ts";
import { callback, checkOptions, checksOf } from "../wire/checks.ts";

/** What the setup module's function returns for a thread. */
export type ThreadSetup = Pick<RuntimeOptions, "imports" | "onLog" | "readString">;

/** The default export of a setup module. It is called once on each thread, thread 0 included. */
export type Setup = (place: { readonly thread: number }) => ThreadSetup | Promise<ThreadSetup>;

const checks = checksOf<ThreadSetup>({ imports: null, onLog: callback, readString: callback });

/** Runs the setup module on this thread. */
export async function runSetup(address: string | undefined, thread: number): Promise<ThreadSetup> {
  if (address === undefined) return {};
  const { default: setup } = await import(/* @vite-ignore */ /* webpackIgnore: true */ address);
  if (typeof setup !== "function") {
    throw new TypeError(
      `${address} has no function as its default export: export default ({ thread }) => ({ imports })`,
    );
  }
  const made = (await setup({ thread })) ?? {};
  checkOptions(`the setup of thread ${thread}`, made as ThreadSetup, checks);
  return made;
}
