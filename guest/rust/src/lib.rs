//! Actors in Rust, over the ABI of docs/abi.md. `process!` or `handler!` names the actor's
//! function, an [`Inbox`] receives, and [`send`] sends. The crate uses no `std`, no allocator and
//! no dependencies; a guest may use all three.
//!
//! Received items are views of the window that the host writes into. The borrow checker ends them
//! before the next receive.
#![no_std]

use core::fmt::{self, Display, Write};

pub mod actor;
mod inbox;
mod item;

pub use inbox::{listen, received, Inbox};
pub use item::{Item, Kind};

/// Names one actor, also after its end. 0 is the host.
pub type Pid = u64;

/// A process: `process!(run)`, with `fn run(inbox: &mut Inbox)`. The actor ends when it returns.
#[macro_export]
macro_rules! process {
    ($actor:path) => {
        #[export_name = "run"]
        extern "C" fn isopod_run() {
            // SAFETY: the host calls the entry once.
            $actor(&mut unsafe { $crate::Inbox::new() })
        }
    };
}

/// A handler: `handler!(handle)`, with `fn handle(item: Item)`, which is called once for each item.
/// It cannot wait.
#[macro_export]
macro_rules! handler {
    ($actor:path) => {
        #[export_name = "_start"]
        extern "C" fn isopod_start() {
            $crate::listen()
        }
        #[export_name = "handle"]
        extern "C" fn isopod_handle(n: usize) {
            // SAFETY: this is `handle`.
            unsafe { $crate::received(n, |item| $actor(item)) }
        }
    };
}

/// For guests without `std`: a panic ends the actor for a reason of its own, the panic's message.
/// With `std`, call this once instead: `std::panic::set_hook(Box::new(|info|
/// isopod_guest::fail(info)))`.
#[macro_export]
macro_rules! panic_handler {
    () => {
        #[panic_handler]
        fn isopod_panic(info: &core::panic::PanicInfo) -> ! {
            $crate::fail(info)
        }
    };
}

/// The result of sending. Only with `Accepted` is the message in the mailbox.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Sent {
    Accepted,
    /// There is no such actor, or the tag is a ref that is not live any more.
    NoActor,
    Full,
    TooLarge,
}

/// Copies a message into an actor's mailbox. Never waits.
pub fn send(to: Pid, tag: i32, bytes: &[u8]) -> Sent {
    match unsafe { actor::send(to as u32, (to >> 32) as u32, tag, bytes.as_ptr(), bytes.len()) } {
        1 => Sent::Accepted,
        0 => Sent::NoActor,
        -1 => Sent::Full,
        _ => Sent::TooLarge,
    }
}

/// Answers a request, that is an item whose `reference` is not 0. Panics for any other item. To
/// answer after the next receive, keep `from` and `reference`, and `send` with the ref as tag.
pub fn reply(request: &Item, bytes: &[u8]) -> Sent {
    assert!(request.reference() != 0, "reply: the item is not a request");
    send(request.from(), request.reference(), bytes)
}

/// The actor's own pid.
pub fn self_pid() -> Pid {
    unsafe { (actor::self_hi() as u64) << 32 | actor::self_lo() as u64 }
}

/// Copies the bytes given at spawn, as many as fit. Returns the length of all of them.
pub fn args(room: &mut [u8]) -> usize {
    unsafe { actor::args(room.as_mut_ptr(), room.len()) }
}

/// Asks for one Down, which has this ref, when the actor ends. None where the caller has reached
/// its limit `ties`.
pub fn monitor(pid: Pid) -> Option<i32> {
    let reference = unsafe { actor::monitor(pid as u32, (pid >> 32) as u32) };
    (reference < -1023).then_some(reference)
}

/// Why a function of the embedder was not asked.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum NotAsked {
    NoFunction,
    TooLarge,
    NotGranted,
    /// The limit `hostCalls`, `ties` or `mailboxBytes`, or a mailbox full of items that it has asked for.
    OverLimit,
}

/// Asks a function of the embedder by its full name, such as `db.get`. Returns the ref: the answer
/// is the item that `receive_tag` of it takes, a message or a Down.
pub fn ask(name: &str, request: &[u8]) -> Result<i32, NotAsked> {
    match unsafe { actor::ask(name.as_ptr(), name.len(), request.as_ptr(), request.len()) } {
        0 => Err(NotAsked::NoFunction),
        2 => Err(NotAsked::TooLarge),
        -100 => Err(NotAsked::NotGranted),
        -101 => Err(NotAsked::OverLimit),
        reference => Ok(reference),
    }
}

/// Gives a log line to the host. False without the grant `log`, and where too much was logged in
/// this second.
pub fn log(text: &str) -> bool {
    unsafe { actor::log(1, text.as_ptr(), text.len()) == 1 }
}

/// Ends the actor for the reason normal.
pub fn exit() -> ! {
    unsafe { actor::exit(0, core::ptr::null(), 0) }
}

/// Ends the actor for a reason of its own: text in one line, cut to 256 bytes. Its links and
/// monitors get it.
pub fn fail(reason: &dyn Display) -> ! {
    let mut text = Text { bytes: [0; 256], len: 0 };
    let _ = write!(text, "{reason}");
    unsafe { actor::exit(6, text.bytes.as_ptr(), text.len) }
}

struct Text {
    bytes: [u8; 256],
    len: usize,
}

impl Write for Text {
    fn write_str(&mut self, more: &str) -> fmt::Result {
        let room = &mut self.bytes[self.len..];
        let len = more.len().min(room.len());
        for (byte, more) in room.iter_mut().zip(more.bytes()) {
            // A panic's message has a second line for its place, but readers of exit reasons expect
            // one line.
            *byte = if more == b'\n' { b' ' } else { more };
        }
        self.len += len;
        Ok(())
    }
}
