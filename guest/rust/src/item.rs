//! The item that a receive returns: a view of the window, valid until the next receive.

use crate::Pid;

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    Message = 1,
    Down = 2,
    Exit = 3,
    Timer = 4,
}

/// The fields that the host writes: the table `info` of docs/abi.md.
#[repr(C)]
#[derive(Clone, Copy)]
pub(crate) struct Info {
    pub kind: u32,
    pub tag: i32,
    pub from: Pid,
    pub reference: i32,
    pub reason: u32,
    pub len: u32,
    pub zero: u32,
}

/// One item of the mailbox.
pub struct Item<'a> {
    pub(crate) info: Info,
    /// The payload. A predicate sees at most as much as the window holds.
    pub bytes: &'a [u8],
}

impl Item<'_> {
    pub fn kind(&self) -> Kind {
        match self.info.kind {
            2 => Kind::Down,
            3 => Kind::Exit,
            4 => Kind::Timer,
            _ => Kind::Message,
        }
    }
    pub fn tag(&self) -> i32 {
        self.info.tag
    }
    /// The sender, or the actor that has ended. Only the host writes it, so it cannot be forged.
    pub fn from(&self) -> Pid {
        self.info.from
    }
    /// The ref that the sender of a request waits for; the ref of a Down's monitor, or of a timer.
    /// Otherwise 0.
    pub fn reference(&self) -> i32 {
        self.info.reference
    }
    /// The code of the exit reason of a Down or an Exit. `bytes` are the bytes of the reason.
    pub fn reason(&self) -> u32 {
        self.info.reason
    }
    /// The length of the whole payload, also in a predicate.
    pub fn len(&self) -> usize {
        self.info.len as usize
    }
    pub fn is_empty(&self) -> bool {
        self.info.len == 0
    }
}
