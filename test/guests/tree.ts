// A tree of supervisors with a server that traps exits as its leaf. Args, as text: the observer's pid, how many supervisors are above the server.
// Each of them tells the observer why it stops. A message "crash" is obeyed.
import {
  argsText,
  Child,
  ExitReason,
  Message,
  Pid,
  receive,
  Server,
  Supervisor,
  sendText,
  serve,
  spawn,
  supervise,
  trapExit,
} from "isopod/guest";

const words = argsText().split(" ");
const observer: Pid = U64.parseInt(words[0]);

function given(above: i32): Uint8Array {
  return Uint8Array.wrap(String.UTF8.encode(`${observer} ${above}`));
}

class Branch extends Supervisor {
  constructor(private readonly level: string) {
    super();
  }

  onCast(_message: Message): void {
    throw new Error("a bad day");
  }

  onStop(reason: ExitReason): void {
    sendText(observer, `supervisor ${this.level}: ${reason}`);
  }
}

class Leaf extends Server {
  onCall(_message: Message): void {}

  onInfo(message: Message): void {
    sendText(observer, `server was told: ${ExitReason.of(message)}`);
  }

  onStop(reason: ExitReason): void {
    sendText(observer, `server: ${reason}`);
  }
}

export function run(): void {
  const above = <i32>I32.parseInt(words[1]);
  if (above > 0) supervise(new Branch(words[1]), [new Child("tree", given(above - 1))]);
  trapExit();
  serve(new Leaf());
}

/** Starts a server that is not linked to it. */
export function starts(): void {
  spawn("tree", given(0), "run");
  receive();
}
