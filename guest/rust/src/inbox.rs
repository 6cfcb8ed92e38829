//! Receiving. The host writes items into one window. It has 256 bytes at first, and moves to its
//! own pages for longer items.

use crate::item::{Info, Item};
use crate::{actor, fail};
use core::cell::UnsafeCell;
use core::ptr::addr_of_mut;
use core::{mem, slice};

const PARK: i32 = -2;
const PAGE: usize = 65_536;

/// A guest has one thread. The host writes only while the guest is in an import or does not run.
struct Shared<T>(UnsafeCell<T>);
unsafe impl<T> Sync for Shared<T> {}

struct Window {
    info: Info,
    ptr: *mut u8,
    cap: usize,
}

static FIRST: Shared<[u64; 32]> = Shared(UnsafeCell::new([0; 32]));
static WINDOW: Shared<Window> = Shared(UnsafeCell::new(Window {
    info: Info { kind: 0, tag: 0, from: 0, reference: 0, reason: 0, len: 0, zero: 0 },
    ptr: FIRST.0.get().cast(),
    cap: mem::size_of::<[u64; 32]>(),
}));

type Wanted<'a> = dyn FnMut(&Item) -> bool + 'a;
/// The predicate that `match` calls. `None` unless `receive_where` waits.
static WANTED: Shared<Option<*mut Wanted<'static>>> = Shared(UnsafeCell::new(None));

/// The actor's mailbox. There is only one.
pub struct Inbox(());

impl Inbox {
    /// # Safety
    /// No other `Inbox` may exist. `process!` makes the only one.
    pub unsafe fn new() -> Self {
        Inbox(())
    }

    /// Waits for the next item of any kind.
    pub fn receive(&mut self) -> Item<'_> {
        self.receive_within(-1).unwrap_or_else(|| fail(&"a handler or a start function cannot wait"))
    }

    /// Takes the next item of any kind. `timeout` is in milliseconds; 0 polls, a negative one waits
    /// for ever.
    pub fn receive_within(&mut self, timeout: i32) -> Option<Item<'_>> {
        self.take(timeout, |info, ptr, cap, timeout| unsafe { actor::recv(info, ptr, cap, timeout) })
    }

    /// Takes the first message or timer with this tag. For a ref, takes the first item with this
    /// ref. All other items stay, in order.
    pub fn receive_tag(&mut self, tag: i32, timeout: i32) -> Option<Item<'_>> {
        self.take(timeout, |info, ptr, cap, timeout| unsafe { actor::recv_tag(info, ptr, cap, timeout, tag) })
    }

    /// Takes the first item that `wanted` accepts. It sees each item once, and may only compute.
    /// All other items stay, in order.
    pub fn receive_where(&mut self, timeout: i32, mut wanted: impl FnMut(&Item) -> bool) -> Option<Item<'_>> {
        let wanted: *mut Wanted<'_> = &mut wanted;
        // SAFETY: WANTED is reset before `wanted` ends.
        unsafe { *WANTED.0.get() = Some(mem::transmute::<*mut Wanted<'_>, *mut Wanted<'static>>(wanted)) };
        let item = self.take(timeout, |info, ptr, cap, timeout| unsafe { actor::recv_match(info, ptr, cap, timeout, 0) });
        unsafe { *WANTED.0.get() = None };
        item
    }

    /// A complete receive. An item that did not fit was not taken, so the second attempt finds it
    /// at once.
    fn take(&mut self, mut timeout: i32, ask: impl Fn(*mut u8, *mut u8, usize, i32) -> i32) -> Option<Item<'_>> {
        let window = WINDOW.0.get();
        loop {
            let mut n = unsafe { ask(addr_of_mut!((*window).info).cast(), (*window).ptr, (*window).cap, timeout) };
            if n == PARK {
                n = unsafe { actor::park() };
            }
            if n < 0 {
                return None;
            }
            if n as usize <= unsafe { (*window).cap } {
                return Some(unsafe { item(n as usize) });
            }
            grow(n as usize);
            timeout = 0;
        }
    }
}

/// # Safety
/// The host has filled `len` bytes of the window, and nothing is received while the item lives.
unsafe fn item<'a>(len: usize) -> Item<'a> {
    let window = WINDOW.0.get();
    Item { info: (*window).info, bytes: slice::from_raw_parts((*window).ptr, len) }
}

/// Makes room in new pages, so that no allocator of the guest is disturbed.
fn grow(len: usize) {
    let window = WINDOW.0.get();
    let pages = len.max(2 * unsafe { (*window).cap }).div_ceil(PAGE);
    let page = core::arch::wasm32::memory_grow(0, pages);
    if page == usize::MAX {
        fail(&"out of memory: an item does not fit");
    }
    unsafe {
        (*window).ptr = (page * PAGE) as *mut u8;
        (*window).cap = pages * PAGE;
    }
}

/// Calls the predicate of `receive_where`. The host calls this while the guest waits.
#[export_name = "match"]
extern "C" fn candidate(_predicate: i32, _ptr: *const u8, len: usize) -> i32 {
    match unsafe { *WANTED.0.get() } {
        // SAFETY: `receive_where` is in an import, so no other code uses the window or the closure.
        Some(wanted) => unsafe { (*wanted)(&item(len)) as i32 },
        None => 0,
    }
}

/// For `handler!`: tells the host where to write.
pub fn listen() {
    let window = WINDOW.0.get();
    unsafe { actor::window(addr_of_mut!((*window).info).cast(), (*window).ptr, (*window).cap) }
}

/// For `handler!`: calls `handle` with the item that `handle(n)` was called for.
///
/// # Safety
/// Only in `handle`, once.
pub unsafe fn received(n: usize, handle: impl for<'a> FnOnce(Item<'a>)) {
    let window = WINDOW.0.get();
    while n > (*window).cap {
        grow(n);
        listen();
        actor::recv(addr_of_mut!((*window).info).cast(), (*window).ptr, (*window).cap, 0);
    }
    handle(item(n));
}
