/** The suite isolation.test.ts with pools of one instance, where every turn is a change of actor. */
import { defaultLimits } from "../../host/index.ts";

Object.assign(defaultLimits, { instances: 1 });
await import("./isolation.test.ts");
