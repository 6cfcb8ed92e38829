//! A process that returns each message to its sender, with the same bytes and the same tag.
#![no_std]

use isopod_guest::{send, Inbox};

isopod_guest::process!(run);
isopod_guest::panic_handler!();

fn run(inbox: &mut Inbox) {
    loop {
        let item = inbox.receive();
        send(item.from(), item.tag(), item.bytes);
    }
}
