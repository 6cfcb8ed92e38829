//! The parameters and the result of a round.

use std::collections::BTreeMap;
use std::time::Duration;

use tokio::task::JoinHandle;

pub type Parameters = BTreeMap<&'static str, usize>;

pub struct Round {
    pub operations: usize,
    /// The operations that the tasks counted.
    pub check: usize,
    pub elapsed: Duration,
    /// More keys of the answer, each after a comma.
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

/// The part of a total that each task does, rounded down.
pub fn share(total: usize, actors: usize) -> usize {
    (total / actors).max(1)
}

/// Waits for all tasks, and adds up what they counted.
pub async fn sum(tasks: Vec<JoinHandle<usize>>) -> usize {
    let mut total = 0;
    for task in tasks {
        total += task.await.expect("a task that ends");
    }
    total
}
