/** All words of the kernel, for tests. */
export * from "../../host/kernel/image-words.ts";
export * from "../../host/kernel/life-words.ts";
export * from "../../host/kernel/mail-words.ts";
export * from "../../host/kernel/slot-words.ts";
export * from "../../host/kernel/tie-words.ts";
export * from "../../host/kernel/words.ts";
