/** Makes a screenshot half as long: a PNG with a palette of its 256 most frequent colours. */
import { crc32, deflateSync } from "node:zlib";
import type { Page } from "playwright";

const COLOURS = 256;
const SIGNATURE = [137, 80, 78, 71, 13, 10, 26, 10];
const [BITS, INDEXED] = [8, 3];

/** Rare colours, which are those of the edges of letters, become the nearest frequent ones. */
export async function withPalette(png: Buffer, page: Page): Promise<Buffer> {
  const { width, height, pixels } = await pixelsOf(png, page);
  const counts = new Map<number, number>();
  for (const pixel of pixels) counts.set(pixel, (counts.get(pixel) ?? 0) + 1);
  const byCount = [...counts.keys()].sort((a, b) => (counts.get(b) ?? 0) - (counts.get(a) ?? 0));
  const palette = byCount.slice(0, COLOURS);
  const indexOf = new Map(byCount.map(colour => [colour, nearest(palette, colour)]));
  const rows = new Uint8Array(height * (width + 1));
  // Each row begins with its filter: none.
  pixels.forEach((pixel, i) => {
    rows[i + Math.floor(i / width) + 1] = indexOf.get(pixel) ?? 0;
  });
  const head = Buffer.alloc(13);
  head.writeUInt32BE(width, 0);
  head.writeUInt32BE(height, 4);
  head.set([BITS, INDEXED], 8);
  return Buffer.concat([
    Buffer.from(SIGNATURE),
    chunk("IHDR", head),
    chunk("PLTE", Buffer.from(palette.flatMap(channels))),
    chunk("IDAT", deflateSync(rows, { level: 9, memLevel: 9 })),
    chunk("IEND", Buffer.alloc(0)),
  ]);
}

/** Decoded by the browser, as one number a pixel. */
async function pixelsOf(png: Buffer, page: Page): Promise<{ width: number; height: number; pixels: Uint32Array }> {
  const { width, height, rgba } = await page.evaluate(async base64 => {
    const bitmap = await createImageBitmap(await (await fetch(`data:image/png;base64,${base64}`)).blob());
    const canvas = new OffscreenCanvas(bitmap.width, bitmap.height);
    const context = canvas.getContext("2d") as OffscreenCanvasRenderingContext2D;
    context.drawImage(bitmap, 0, 0);
    const { width, height, data } = context.getImageData(0, 0, bitmap.width, bitmap.height);
    let text = "";
    for (let i = 0; i < data.length; i += 4096) text += String.fromCharCode(...data.subarray(i, i + 4096));
    return { width, height, rgba: btoa(text) };
  }, png.toString("base64"));
  const bytes = Buffer.from(rgba, "base64");
  const pixels = Uint32Array.from({ length: width * height }, (_, i) => bytes.readUIntBE(4 * i, 3));
  return { width, height, pixels };
}

function nearest(palette: readonly number[], colour: number): number {
  const [red, green, blue] = channels(colour);
  let [best, least] = [0, Number.POSITIVE_INFINITY];
  for (const [i, other] of palette.entries()) {
    const [r, g, b] = channels(other);
    const distance = (r - red) ** 2 + (g - green) ** 2 + (b - blue) ** 2;
    if (distance < least) [best, least] = [i, distance];
  }
  return best;
}

function channels(colour: number): [red: number, green: number, blue: number] {
  return [colour >> 16, (colour >> 8) & 255, colour & 255];
}

function chunk(type: string, data: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(type), data]);
  const [length, sum] = [Buffer.alloc(4), Buffer.alloc(4)];
  length.writeUInt32BE(data.length);
  sum.writeUInt32BE(crc32(body));
  return Buffer.concat([length, body, sum]);
}
