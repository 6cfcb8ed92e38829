/**
 * Calls what the embedder gave us. Its errors are its own: they surface as uncaught, where its tools show them, and no actor and no
 * supervisor meets them.
 */
export function callOut(call: () => void): void {
  try {
    call();
  } catch (error) {
    queueMicrotask(() => {
      throw error;
    });
  }
}
