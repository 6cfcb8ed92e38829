/**
 * Runs before each suite. Each save and each reset compares all of a guest's memory with its first state.
 * With `ISOPOD_INSTANCES=1` in the environment, a pool has one instance unless a test says otherwise, so
 * every turn is a change of actor.
 */
import { defaultLimits } from "../../host/index.ts";
import { checks } from "../../host/mail/image-checks.ts";

const { ISOPOD_INSTANCES } = process.env;

checks.images = true;

if (ISOPOD_INSTANCES !== undefined) Object.assign(defaultLimits, { instances: Number(ISOPOD_INSTANCES) });
