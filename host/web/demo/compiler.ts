/** The server's compiler, from the page. */
import type { GuestName } from "./scenes.ts";

export interface Complaint {
  readonly severity: "error" | "warning" | "info";
  readonly message: string;
  readonly line?: number;
  readonly column?: number;
}

/** The source does not compile. */
export class CompileError extends Error {
  readonly complaints: readonly Complaint[];

  constructor(complaints: readonly Complaint[]) {
    super(complaints[0]?.message ?? "it does not compile");
    this.complaints = complaints;
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

/** Compiles a source; one that is the example's own comes as the server has compiled it before. Throws a CompileError. */
export async function compile(guest: GuestName, source: string, park: string): Promise<ArrayBuffer> {
  const response =
    source === (await sourceOf(guest))
      ? await ask(`/wasm/${park}/${guest}`)
      : await ask(`/compile/${park}/${guest}`, { method: "POST", body: source });
  return response.arrayBuffer();
}

async function ask(path: string, options: RequestInit = {}): Promise<Response> {
  const response = await fetch(path, { ...options, headers: { "x-isopod-token": token } });
  if (response.status === 422) throw new CompileError((await response.json()) as Complaint[]);
  if (!response.ok) throw new Error((await response.text()).trim() || response.statusText);
  return response;
}
