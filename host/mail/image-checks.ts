/**
 * For tests: whether the kernel compares all of a guest's memory with its first state at each save and each
 * reset. Images and resets look only below the store limit, so a hole in that would go unnoticed.
 */

/** For kernels that are made from now on. */
export const checks = { images: false };

/** The memory beyond the limit has changed. This ends the process or the test, whoever catches it. */
export function strayed(pointer: number): never {
  const error = new Error(`the memory beyond the store limit has changed, at ${pointer >>> 0}`);
  queueMicrotask(() => {
    throw error;
  });
  throw error;
}
