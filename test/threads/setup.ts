/** What the threads of the tests have of the embedder. */
import type { Setup } from "../../host/threads/index.ts";

const setup: Setup = ({ thread }) => ({ imports: { place: { thread: () => thread } } });
export default setup;
