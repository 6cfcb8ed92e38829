//! Selective receive: waits for the first message that begins with `reply:`. Earlier messages stay
//! in the mailbox, and are forwarded afterwards, in order. It also forwards the Down of an actor
//! that it monitors: the reason's bytes, with the reason's code plus 100 as tag. Args: u64, the pid
//! that it forwards to; u64, the pid that it monitors.
#![no_std]

use isopod_guest::{args, monitor, send, Inbox, Item, Kind, Pid};

isopod_guest::process!(run);
isopod_guest::panic_handler!();

fn run(inbox: &mut Inbox) {
    let mut given = [0; 16];
    assert_eq!(args(&mut given), given.len(), "args: two pids");
    let given = u128::from_le_bytes(given);
    let observer = given as Pid;
    monitor((given >> 64) as Pid);

    let reply = |item: &Item| item.kind() == Kind::Message && item.bytes.starts_with(b"reply:");
    if let Some(item) = inbox.receive_where(-1, reply) {
        send(observer, item.tag(), item.bytes);
    }
    loop {
        let item = inbox.receive();
        let tag = if item.kind() == Kind::Down { 100 + item.reason() as i32 } else { item.tag() };
        send(observer, tag, item.bytes);
    }
}
