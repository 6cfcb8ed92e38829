/**
 * Requests to the server. The token comes in the page's address, after the #, and is kept only for
 * this tab.
 */

/** The token is missing or wrong. */
export class Refused extends Error {}

const KEY = "isopod-token";

/**
 * The token in an address that isopod has printed, or the token alone. Undefined where there is
 * none.
 */
export function tokenIn(text: string): string | undefined {
  return /(?:^|[#&]token=)([\w.~-]{16,})$/.exec(text.trim())?.[1];
}

export function useToken(token: string): void {
  sessionStorage.setItem(KEY, token);
}

/**
 * Moves the token from the visible address into the session. Returns whether the session has a
 * token.
 */
export function takeToken(): boolean {
  const token = tokenIn(location.hash);
  if (token !== undefined) {
    useToken(token);
    history.replaceState(null, "", location.pathname);
  }
  return sessionStorage.getItem(KEY) !== null;
}

export async function ask<T>(path: string, parameters: Record<string, string | number> = {}): Promise<T> {
  const query = new URLSearchParams(Object.entries(parameters).map(([name, value]) => [name, String(value)]));
  return answerOf(await fetch(`api/${path}?${query}`, { headers: headers() }));
}

/** A file of the server's. */
export async function fileOf(path: string, parameters: Record<string, string | number>): Promise<Blob> {
  const query = new URLSearchParams(Object.entries(parameters).map(([name, value]) => [name, String(value)]));
  const response = await fetch(`api/${path}?${query}`, { headers: headers() });
  if (!response.ok) throw new Error(await response.text());
  return response.blob();
}

/** A request that changes the runtime. */
export async function act<T>(path: string, body?: object): Promise<T> {
  const json = body && { body: JSON.stringify(body) };
  return answerOf(await fetch(`api/${path}`, { method: "POST", headers: headers(), ...json }));
}

function headers(): HeadersInit {
  return { Authorization: `Bearer ${sessionStorage.getItem(KEY)}` };
}

async function answerOf<T>(response: Response): Promise<T> {
  if (response.status === 401 || response.status === 403) throw new Refused(await response.text());
  if (!response.ok) throw new Error(`${response.status}: ${await response.text()}`);
  return (await response.json()) as T;
}

/** A pid in a path has no brackets. */
export function inPath(pid: string): string {
  return pid.replaceAll(/[<>]/g, "");
}
