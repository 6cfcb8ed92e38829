//! What a receive returns: a view of the window, for as long as nothing else is received.

use crate::Pid;

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    Message = 1,
    Down = 2,
    Exit = 3,
    Timer = 4,
}

/// What the host writes of an item; the table `info` of docs/abi.md.
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
    /// The payload. In a predicate at most as much of it as the window holds.
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
    /// Who sent it, or who has ended; true, for only the host writes it.
    pub fn from(&self) -> Pid {
        self.info.from
    }
    /// Not 0: of a message, its sender waits for an answer that is tagged so; of a Down, which monitor; of a timer, which one.
    pub fn reference(&self) -> i32 {
        self.info.reference
    }
    /// Of a Down or an Exit, the code of its reason; `bytes` are the reason's.
    pub fn reason(&self) -> u32 {
        self.info.reason
    }
    /// The payload's whole length, also in a predicate.
    pub fn len(&self) -> usize {
        self.info.len as usize
    }
    pub fn is_empty(&self) -> bool {
        self.info.len == 0
    }
}
