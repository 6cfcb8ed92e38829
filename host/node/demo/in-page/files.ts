/**
 * `node:fs` and `node:fs/promises` in a page, as far as `compile/` uses them: text files that the
 * page has written, and no others.
 */

const files = new Map<string, string>();

/** @param path absolute */
export function write(path: string, text: string): void {
  files.set(path, text);
}

export function readFileSync(path: string): string {
  const text = files.get(path);
  if (text === undefined) throw new Error(`there is no file ${path} in this page`);
  return text;
}

export async function readFile(path: string): Promise<string> {
  return readFileSync(path);
}

export async function stat(path: string): Promise<{ isFile(): boolean }> {
  return { isFile: () => files.has(path) };
}

export function readdirSync(): string[] {
  return [];
}
