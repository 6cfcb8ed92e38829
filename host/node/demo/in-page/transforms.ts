/** `compile/transforms.ts` in a page: its guests name no transforms. */

export const loadTransforms = (): Promise<never[]> => Promise.resolve([]);
