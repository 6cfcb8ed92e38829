/** Asks the server. The token comes with the page's address, behind the #, and is kept for this tab only. */

/** The token is missing or wrong. */
export class Refused extends Error {}

const KEY = "isopod-token";

/** From an address that isopod has printed, or the token alone. */
export function tokenIn(text: string): string | undefined {
  return /(?:^|[#&]token=)([\w.~-]{16,})$/.exec(text.trim())?.[1];
}

export function useToken(token: string): void {
  sessionStorage.setItem(KEY, token);
}

/** Takes the token out of the address, where it could be read over a shoulder. */
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

/** Does something. */
export async function act<T>(path: string): Promise<T> {
  return answerOf(await fetch(`api/${path}`, { method: "POST", headers: headers() }));
}

function headers(): HeadersInit {
  return { Authorization: `Bearer ${sessionStorage.getItem(KEY)}` };
}

async function answerOf<T>(response: Response): Promise<T> {
  if (response.status === 401 || response.status === 403) throw new Refused(await response.text());
  if (!response.ok) throw new Error(`${response.status}: ${await response.text()}`);
  return (await response.json()) as T;
}

/** As a pid stands in a path: without its brackets. */
export function inPath(pid: string): string {
  return pid.replaceAll(/[<>]/g, "");
}
