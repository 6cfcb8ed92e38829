// What a host finds that imports `isopod/guest`. Guests get the library from the compiler, which looks into this folder itself.
throw new Error(
  'isopod/guest is AssemblyScript, the library of guests, which isopod build compiles. A host imports "isopod" or "isopod/node".',
);
