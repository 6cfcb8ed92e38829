/** Custom sections that say where the code is. That is no longer true after the code has moved. */
const STALE = /^(sourceMappingURL|metadata\.code\.|\.debug_|reloc\.|external_debug_info)/;

/** @param name the name of a custom section */
export function isStale(name: string): boolean {
  return STALE.test(name);
}
