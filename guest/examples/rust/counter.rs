//! A handler: tag 1 adds an i32, tag 2 is answered with the sum, an i64. Any other message is a
//! panic, which ends it.
#![no_std]

use core::sync::atomic::{AtomicI64, Ordering::Relaxed};
use isopod_guest::{send, Item};

isopod_guest::handler!(handle);
isopod_guest::panic_handler!();

const ADD: i32 = 1;
const GET: i32 = 2;

/// Only statics keep a state between two calls. There is one thread, so an atomic costs nothing.
static SUM: AtomicI64 = AtomicI64::new(0);

fn handle(item: Item) {
    match (item.tag(), <[u8; 4]>::try_from(item.bytes)) {
        (ADD, Ok(more)) => {
            SUM.fetch_add(i32::from_le_bytes(more) as i64, Relaxed);
        }
        (GET, _) => {
            send(item.from(), GET, &SUM.load(Relaxed).to_le_bytes());
        }
        (tag, _) => panic!("{} bytes tagged {tag} are not a request", item.len()),
    }
}
