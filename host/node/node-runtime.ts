/**
 * The runtime on Node. It publishes its events on diagnostics channels, and can serve the
 * observer's page.
 */
import { Runtime, type RuntimeOptions } from "../index.ts";
import { recorder } from "../recording/recorder.ts";
import type { Recorder } from "../recording/seam.ts";
import { publish } from "./channels.ts";
import type { ObserveOptions, ObserverServer } from "./observer/server.ts";
import { needPackages, PAGE_PACKAGES } from "./optional-packages.ts";
import { keepRecordings, type RecordToFolder, recorderOptions } from "./recordings.ts";

export class NodeRuntime extends Runtime {
  constructor({
    record,
    ...options
  }: Omit<RuntimeOptions, "record"> & { readonly record?: RecordToFolder | Recorder } = {}) {
    const isMade = record === undefined || "bind" in record;
    super(
      isMade ? { ...options, ...(record && { record }) } : { ...options, record: recorder(recorderOptions(record)) },
    );
    publish(this);
    if (isMade) return;
    const { onError } = options;
    keepRecordings(this, record, error => (onError ?? console.error)(error, "the writing of a recording"));
  }

  /**
   * Serves a page about this runtime on 127.0.0.1, until it is closed or the process ends. The page
   * keeps no process alive. docs/observer.md says what it costs, and who can see what.
   *
   * @throws {MissingPackageError} where the packages that it serves the page with are not installed
   * @throws where the port is taken, or the token is too short
   */
  async observe(options: ObserveOptions = {}): Promise<ObserverServer> {
    needPackages("the observer", PAGE_PACKAGES);
    const { observe } = await import("./observer/server.ts");
    return observe(this, options);
  }
}
