/** The kernel as base64, made by compile.ts from kernel.ts: `npm run kernel`. */

export const kernel =
  "AGFzbQEAAAABBgFgAX8BfwISAQZrZXJuZWwGbWVtb3J5AgABAwIBAAQFAXABAwMHEAIFZ3Vlc3QBAARidW1wAAAKFQETACAAIAAoAgBBAWoiAD" +
  "YCACAACw==";
