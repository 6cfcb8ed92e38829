//! Savina's bounded buffer: a manager between producers and consumers. It asks a producer for an
//! item only if there is room.

use std::collections::VecDeque;
use std::time::Instant;

use tokio::sync::mpsc::{unbounded_channel, UnboundedReceiver, UnboundedSender};
use tokio::task::JoinHandle;

use crate::random::Random;
use crate::round::{sum, Parameters, Round};

/// A message to the manager. Producers and consumers are numbers.
enum Report {
    Item(usize, f64),
    Ended,
    Available(usize),
}

struct Manager {
    room: usize,
    items: VecDeque<f64>,
    waiting_producers: VecDeque<usize>,
    waiting_consumers: VecDeque<usize>,
    producers: Vec<UnboundedSender<()>>,
    consumers: Vec<UnboundedSender<f64>>,
}

/// The round's own task is the manager.
pub async fn bounded_buffer(with: Parameters) -> Round {
    let (producers, items, cost) = (with["producers"], with["items"], with["cost"]);
    let began = Instant::now();
    let (to_manager, reports) = unbounded_channel();
    let producing = (0..producers)
        .map(|id| start_producer(id, items, cost, to_manager.clone()))
        .collect();
    let (consumers, eaters): (Vec<_>, Vec<_>) = (0..with["consumers"])
        .map(|id| start_consumer(id, cost, to_manager.clone()))
        .unzip();
    let manager = Manager {
        // When the buffer is full, each producer may still send one item.
        room: with["buffer"].saturating_sub(producers).max(1),
        items: VecDeque::new(),
        waiting_producers: VecDeque::new(),
        waiting_consumers: (0..consumers.len()).collect(),
        producers: producing,
        consumers,
    };
    manager.manage(reports).await;
    let consumed = sum(eaters).await;
    Round::new(producers * items, consumed, began.elapsed())
}

impl Manager {
    async fn manage(mut self, mut reports: UnboundedReceiver<Report>) {
        self.producers.iter().for_each(ask);
        let mut producing = self.producers.len();
        while producing > 0 || self.waiting_consumers.len() < self.consumers.len() {
            match reports.recv().await.expect("a report") {
                Report::Item(producer, item) => self.take(producer, item),
                Report::Available(consumer) => self.feed(consumer),
                Report::Ended => producing -= 1,
            }
        }
    }

    fn take(&mut self, producer: usize, item: f64) {
        match self.waiting_consumers.pop_front() {
            Some(consumer) => self.consumers[consumer].send(item).expect("a consumer that waits"),
            None => self.items.push_back(item),
        }
        if self.items.len() >= self.room {
            self.waiting_producers.push_back(producer);
        } else {
            ask(&self.producers[producer]);
        }
    }

    fn feed(&mut self, consumer: usize) {
        let Some(item) = self.items.pop_front() else {
            self.waiting_consumers.push_back(consumer);
            return;
        };
        self.consumers[consumer].send(item).expect("a consumer that waits");
        if let Some(producer) = self.waiting_producers.pop_front() {
            ask(&self.producers[producer]);
        }
    }
}

fn ask(producer: &UnboundedSender<()>) {
    producer.send(()).expect("a producer that waits");
}

fn start_producer(id: usize, items: usize, cost: usize, manager: UnboundedSender<Report>) -> UnboundedSender<()> {
    let (inbox, mut asked) = unbounded_channel();
    tokio::spawn(async move {
        let mut last = 0.0;
        for _ in 0..items {
            asked.recv().await.expect("a manager");
            last = process(last, cost);
            manager.send(Report::Item(id, last)).expect("a manager");
        }
        asked.recv().await.expect("a manager");
        manager.send(Report::Ended).expect("a manager");
    });
    inbox
}

fn start_consumer(
    id: usize,
    cost: usize,
    manager: UnboundedSender<Report>,
) -> (UnboundedSender<f64>, JoinHandle<usize>) {
    let (inbox, mut items) = unbounded_channel();
    let task = tokio::spawn(async move {
        let (mut last, mut consumed) = (0.0, 0);
        while let Some(item) = items.recv().await {
            last = process(last + item, cost);
            consumed += 1;
            manager.send(Report::Available(id)).expect("a manager");
        }
        consumed
    });
    (inbox, task)
}

/// Savina's work on an item: 100 times `cost` logarithms, or one if the cost is 0.
fn process(term: f64, cost: usize) -> f64 {
    let mut random = Random::new(cost);
    let times = if cost == 0 { 1 } else { cost * 100 };
    (0..times).fold(term, |sum, _| {
        sum + (1.0 / (random.below(65536) + 1) as f64 + 0.01).ln()
    })
}
