/** Writes the small modules that the host makes itself. Each list of numbers is bytes. */

/** A module of these sections, in the order of their numbers. */
export function moduleOf(...sections: readonly (readonly number[])[]): Uint8Array<ArrayBuffer> {
  return new Uint8Array([0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00, ...sections.flat()]);
}

export function section(id: number, content: readonly number[]): number[] {
  return [id, ...counted(content)];
}

/** Bytes behind their length. */
export function counted(content: readonly number[]): number[] {
  return [...leb(content.length), ...content];
}

/** Elements behind their number. */
export function vector(elements: readonly (readonly number[])[]): number[] {
  return [...leb(elements.length), ...elements.flat()];
}

/** A number from 0 up. */
export function leb(value: number): number[] {
  return value < 0x80 ? [value] : [(value & 0x7f) | 0x80, ...leb(value >>> 7)];
}
