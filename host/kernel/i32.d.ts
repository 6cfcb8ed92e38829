/** AssemblyScript's types that the kernel uses. All numbers in it are whole, and have 32 bits. */
type i32 = number;
type bool = boolean;
