/** `host/node/installation.ts` in a page, as far as `compile/` uses it. */

/** The folder of the package. The page writes the guest library below it. */
export const PACKAGE_FOLDER = "/isopod";
