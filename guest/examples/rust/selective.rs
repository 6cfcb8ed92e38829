//! Selective receive: waits for the first message that begins with `reply:`; what came before it stays in the mailbox and is
//! passed on afterwards, in order, and so is the end of the actor that it monitors: its reason's bytes, tagged 100 and the code.
//! Args: u64, who gets all this; u64, whose end it wants to hear of.
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
