/** This runtime as a node of a cluster. `join` makes it. */
import type { Cbor } from "../adapters/codec.ts";
import { Agent } from "../away/agent.ts";
import type { Away, Place } from "../away/away.ts";
import type { Runtime } from "../runtime.ts";
import { IsopodError } from "../wire/errors.ts";
import { highWord, lowWord, nodeOf, type Pid } from "../wire/pid.ts";
import { Groups } from "./groups.ts";
import { type ClusterCounters, FIRST_GUEST, type Mesh, type NodeEvent } from "./mesh.ts";
import type { Names } from "./names.ts";

/** What `ClusterNode.spawn` may say. The node there decides grants and limits, by its `define`. */
export interface RemoteSpawnOptions {
  /** The export to run. Default: as for `runtime.spawn`. */
  readonly entry?: string;
  /** A name in the runtime there. */
  readonly name?: string;
  /** What the guest's import `args` gives it; a string becomes UTF-8. */
  readonly args?: Uint8Array | string;
}

/** What other nodes may use of this one. */
export interface Offers {
  /** Names of defined modules that peers may spawn here. */
  readonly offers: ReadonlySet<string>;
  /** Names that guests may find and send to. */
  readonly exports: ReadonlySet<string>;
}

export class ClusterNode implements AsyncDisposable {
  /** The number of this node, which its pids name. */
  readonly id: number;
  readonly cluster: string;
  readonly #runtime: Runtime;
  readonly #offers: Offers;
  readonly #agent: Agent;
  readonly #groups = new Groups();
  readonly #exported = new Set<Pid>();
  readonly #listeners = new Set<(event: NodeEvent) => void>();
  #mesh: Mesh | undefined;
  #names: Names | undefined;
  #leave: () => Promise<void> = async () => undefined;
  #left: Promise<void> | undefined;

  /** Use `join` to make one. */
  constructor(runtime: Runtime, away: Away, cluster: string, offers: Offers) {
    this.id = away.here.node;
    this.cluster = cluster;
    this.#runtime = runtime;
    this.#offers = offers;
    this.#agent = new Agent(away);
    this.#agent.on("spawn", (body, from) => this.#spawn(from, body));
    this.#agent.on("whereis", (name, from) => this.#find(from, String(name)));
    this.#agent.on("groups", (all, from) => this.#told(from, all));
  }

  /** Connects it. `leave` ends what `join` has begun. */
  begin(mesh: Mesh, names: Names | undefined, leave: () => Promise<void>): void {
    this.#mesh = mesh;
    this.#names = names;
    this.#leave = leave;
  }

  /** What was lost and refused since this node has joined. */
  get counters(): Readonly<ClusterCounters> {
    return this.#meshed.counters;
  }

  /** The numbers of the other nodes that are there. Those from 128 on are guests. */
  nodes(): number[] {
    return this.#meshed.nodes();
  }

  /** The link to a node: bytes that wait for its acknowledgement, and frames that were sent again. */
  link(node: number): { readonly keptBytes: number; readonly resent: number; readonly isOpen: boolean } | undefined {
    return this.#meshed.linkOf(node);
  }

  /** Tells a listener when nodes come and go. Returns a function that ends that. */
  onNode(listener: (event: NodeEvent) => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  /** What the mesh tells. */
  told(event: NodeEvent): void {
    const { kind, node } = event;
    if (kind === "down") this.#groups.lost(node);
    if ((kind === "up" || kind === "broken") && !this.#groups.isEmpty) this.#tellGroups([node]);
    for (const listener of [...this.#listeners]) listener(event);
  }

  /**
   * Starts an actor of a module that another node offers, by its name. What is sent to it afterwards finds it. Rejects
   * with a PlaceError where that node refuses, or is gone.
   */
  async spawn(node: number, name: string, options: RemoteSpawnOptions = {}): Promise<Pid> {
    const { entry = null, name: actor = null, args = null } = options;
    return (await this.#agent.ask({ thread: 0, node }, "spawn", [name, entry, actor, args])) as Pid;
  }

  /** The actor that has a name in the runtime of another node; a guest finds only what is exported. */
  async find(node: number, name: string): Promise<Pid | undefined> {
    return ((await this.#agent.ask({ thread: 0, node }, "whereis", name)) as Pid | null) ?? undefined;
  }

  /** Guests may send to this actor. Names are exported by `JoinOptions.exports`. */
  export(pid: Pid): void {
    this.#exported.add(pid);
    void this.#runtime.exited(pid).then(() => this.#exported.delete(pid));
  }

  isExported(lo: number, hi: number): boolean {
    const is = (pid: Pid | undefined) => pid !== undefined && lowWord(pid) === lo && highWord(pid) === hi;
    for (const pid of this.#exported) if (is(pid)) return true;
    for (const name of this.#offers.exports) if (is(this.#runtime.whereis(name))) return true;
    return false;
  }

  /**
   * Gives an actor of this node a name in the whole cluster. Resolves to false where another one has it. The name is
   * free when the actor has ended, or its node is gone. Rejects where the server cannot be reached, and with an
   * IsopodError where the cluster has no names.
   */
  async register(name: string, pid: Pid): Promise<boolean> {
    const names = this.#named;
    if (!this.#isHere(pid) || !(await names.register(name, pid))) return false;
    void this.#runtime.exited(pid).then(() => names.unregister(name, pid).catch(() => false));
    return true;
  }

  /** Frees a cluster-wide name of an actor of this node. Resolves to false where it has another holder, or none. */
  async unregister(name: string): Promise<boolean> {
    const pid = this.#named.whereis(name);
    return pid !== undefined && this.#isHere(pid) && (await this.#named.unregister(name, pid));
  }

  /** The actor that has a cluster-wide name, as this node knows it. */
  whereis(name: string): Pid | undefined {
    return this.#named.whereis(name);
  }

  /** Makes an actor of this node a member of a group of the cluster. False: there is no such actor here. */
  join(group: string, pid: Pid): boolean {
    if (!this.#isHere(pid)) return false;
    if (!this.#groups.join(group, pid)) return true;
    void this.#runtime.exited(pid).then(() => this.leave(group, pid));
    this.#tellGroups(this.nodes());
    return true;
  }

  /** Ends an actor's membership. False: it is no member, or lives on another node. */
  leave(group: string, pid: Pid): boolean {
    const was = this.#groups.leave(group, pid);
    if (was) this.#tellGroups(this.nodes());
    return was;
  }

  /** The members of a group of the cluster, as this node knows them; those of this node first. */
  members(group: string): Pid[] {
    return this.#groups.members(group);
  }

  /** Leaves the cluster: the others are told, and all ties to them. The connection stays open. */
  close(): Promise<void> {
    this.#left ??= this.#leave();
    return this.#left;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  get #meshed(): Mesh {
    if (this.#mesh === undefined) throw new IsopodError("ISOPOD_JOIN", "the node has not joined yet");
    return this.#mesh;
  }

  get #named(): Names {
    if (this.#names !== undefined) return this.#names;
    const text = "cluster-wide names need JetStream, and a peer: join without an id, or with names: true";
    throw new IsopodError("ISOPOD_JOIN", text);
  }

  #isHere(pid: Pid): boolean {
    return nodeOf(highWord(pid)) === this.id && this.#runtime.isAlive(pid);
  }

  #spawn({ node }: Place, body: Cbor): Pid {
    if (node >= FIRST_GUEST) throw new Error("guests may not spawn");
    const [name, entry, actor, args] = body as [string, string | null, string | null, Uint8Array | string | null];
    if (!this.#offers.offers.has(name)) throw new Error(`node ${this.id} does not offer ${name}`);
    return this.#runtime.spawn(name, {
      ...(entry !== null && { entry }),
      ...(actor !== null && { name: actor }),
      ...(args !== null && { args }),
    });
  }

  #find({ node }: Place, name: string): Pid | null {
    if (node >= FIRST_GUEST && !this.#offers.exports.has(name)) return null;
    return this.#runtime.whereis(name) ?? null;
  }

  #told({ node }: Place, all: Cbor): void {
    if (node >= FIRST_GUEST) throw new Error("guests have no groups");
    const told = all as unknown as readonly (readonly [string, readonly Pid[]])[];
    this.#groups.told(
      node,
      told.map(([group, pids]) => [String(group), pids.filter(pid => nodeOf(highWord(pid)) === node)] as const),
    );
  }

  /** Tells peers all members of this node. A link that ends before has told them when it begins anew. */
  #tellGroups(nodes: readonly number[]): void {
    const peers = nodes.filter(node => node < FIRST_GUEST);
    for (const node of peers) this.#agent.tell({ thread: 0, node }, "groups", this.#groups.all());
  }
}
