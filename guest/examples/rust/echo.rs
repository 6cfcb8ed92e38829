//! A process that answers each request with the request's bytes. It returns every other message to
//! its sender, with the same bytes and the same tag.
#![no_std]

use isopod_guest::{reply, send, Inbox};

isopod_guest::process!(run);
isopod_guest::panic_handler!();

fn run(inbox: &mut Inbox) {
    loop {
        let item = inbox.receive();
        if item.reference() != 0 {
            reply(&item, item.bytes);
        } else {
            send(item.from(), item.tag(), item.bytes);
        }
    }
}
