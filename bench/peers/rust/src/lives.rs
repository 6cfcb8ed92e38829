//! The life of a task: spawn, run and end; and the memory of a task that waits.

use std::fs;
use std::sync::Mutex;
use std::time::Instant;

use tokio::sync::mpsc::{unbounded_channel, UnboundedSender};

use crate::round::{sum, Parameters, Round};

pub async fn one_by_one(with: Parameters) -> Round {
    let count = with["count"];
    let mut ended = 0;
    let began = Instant::now();
    for _ in 0..count {
        ended += tokio::spawn(async { 1 }).await.expect("a task that ends");
    }
    Round::new(count, ended, began.elapsed())
}

pub async fn storm(with: Parameters) -> Round {
    let count = with["count"];
    let began = Instant::now();
    let tasks = (0..count).map(|_| tokio::spawn(async { 1 })).collect();
    let ended = sum(tasks).await;
    Round::new(count, ended, began.elapsed())
}

/// The mailboxes of all rounds. These tasks never end, so the next round needs fresh memory.
static PARKED: Mutex<Vec<UnboundedSender<usize>>> = Mutex::new(Vec::new());

/// The resident memory of tasks that wait for their mailboxes. The time is that of starting them.
pub async fn memory(with: Parameters) -> Round {
    let actors = with["actors"];
    let before = resident_bytes();
    let began = Instant::now();
    let (ready, mut waiting) = unbounded_channel();
    for _ in 0..actors {
        let (inbox, mut messages) = unbounded_channel();
        PARKED.lock().expect("a lock of one thread").push(inbox);
        let ready = ready.clone();
        tokio::spawn(async move {
            ready.send(()).expect("a round that waits");
            // A task that waits holds its mailbox only.
            drop(ready);
            messages.recv().await
        });
    }
    drop(ready);
    let mut parked = 0;
    while waiting.recv().await.is_some() {
        parked += 1;
    }
    let elapsed = began.elapsed();
    let beside = format!(r#","bytesEach":{}"#, resident_bytes().saturating_sub(before) / actors);
    Round {
        beside,
        ..Round::new(actors, parked, elapsed)
    }
}

/// From a file that only Linux has.
fn resident_bytes() -> usize {
    let status = fs::read_to_string("/proc/self/status").expect("Linux, for the scenario memory");
    let line = status
        .lines()
        .find(|line| line.starts_with("VmRSS:"))
        .expect("a line VmRSS");
    let kilobytes = line
        .split_whitespace()
        .nth(1)
        .and_then(|text| text.parse::<usize>().ok());
    kilobytes.expect("a number of kilobytes") * 1024
}
