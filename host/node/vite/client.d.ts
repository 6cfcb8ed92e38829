/**
 * Types of imports of guests: name `isopod/vite/client` in `compilerOptions.types`, or in a
 * `/// <reference types="isopod/vite/client" />`. TypeScript takes an import that ends in `.ts` for the
 * file itself, so only imports with `?guest` have these types.
 */
declare module "*?guest" {
  const guest: import("isopod").BuiltModule;
  export default guest;
}
