/** Asks the demo's server for sources and compiled guests. */
import { type Diagnostic, type GuestName, TOKEN_HEADER } from "./protocol.ts";

/** The source does not compile. */
export class CompileError extends Error {
  readonly diagnostics: readonly Diagnostic[];

  constructor(diagnostics: readonly Diagnostic[]) {
    super(diagnostics[0]?.message ?? "it does not compile");
    this.diagnostics = diagnostics;
  }
}

const token = document.querySelector<HTMLMetaElement>("meta[name=isopod-token]")?.content ?? "";

const sources = new Map<GuestName, Promise<string>>();

/** The source of an example. */
export function sourceOf(guest: GuestName): Promise<string> {
  const found = sources.get(guest) ?? ask(`/guests/${guest}.ts`).then(response => response.text());
  sources.set(guest, found);
  return found;
}

/**
 * Compiles a source. The server has the unchanged examples compiled already.
 *
 * @param park the way the guest waits, one of `parkWays`
 * @throws {CompileError} where the source has errors
 */
export async function compile(guest: GuestName, source: string, park: string): Promise<ArrayBuffer> {
  const response =
    source === (await sourceOf(guest))
      ? await ask(`/wasm/${park}/${guest}`)
      : await ask(`/compile/${park}/${guest}`, { method: "POST", body: source });
  return response.arrayBuffer();
}

async function ask(path: string, options: RequestInit = {}): Promise<Response> {
  const response = await fetch(path, { ...options, headers: { [TOKEN_HEADER]: token } });
  if (response.status === 422) throw new CompileError((await response.json()) as Diagnostic[]);
  if (!response.ok) throw new Error((await response.text()).trim() || response.statusText);
  return response;
}
