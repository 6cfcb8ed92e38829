//! What a round is asked, and what comes of it.

use std::collections::BTreeMap;
use std::time::Duration;

use tokio::task::JoinHandle;

pub type Parameters = BTreeMap<&'static str, usize>;

pub struct Round {
    pub operations: usize,
    /// As counted by the tasks themselves.
    pub check: usize,
    pub elapsed: Duration,
    /// More keys of the answer, each with a comma before it.
    pub beside: String,
}

impl Round {
    pub fn new(operations: usize, check: usize, elapsed: Duration) -> Self {
        Self {
            operations,
            check,
            elapsed,
            beside: String::new(),
        }
    }
}

/// What each of so many does of a total.
pub fn share(total: usize, actors: usize) -> usize {
    (total / actors).max(1)
}

/// The sum of what tasks counted, when all have ended.
pub async fn sum(tasks: Vec<JoinHandle<usize>>) -> usize {
    let mut total = 0;
    for task in tasks {
        total += task.await.expect("a task that ends");
    }
    total
}
