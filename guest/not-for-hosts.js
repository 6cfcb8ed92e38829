// A host that imports `isopod/guest` gets this file. Guests get the library from the compiler, which reads this folder itself.
throw new Error(
  'isopod/guest is AssemblyScript, the library of guests, which isopod build compiles. A host imports "isopod" or "isopod/node".',
);
