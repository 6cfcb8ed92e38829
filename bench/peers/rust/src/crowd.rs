//! Savina's crowds: many tasks that compute a sine, or send pings to random neighbours.

use std::sync::Arc;
use std::time::Instant;

use tokio::sync::mpsc::{unbounded_channel, UnboundedReceiver, UnboundedSender};

use crate::random::Random;
use crate::round::{sum, Parameters, Round};

const THETA: f64 = 37.2;

pub async fn fork_join_throughput(with: Parameters) -> Round {
    let (actors, messages) = (with["actors"], with["messages"]);
    let began = Instant::now();
    let (inboxes, tasks): (Vec<_>, Vec<_>) = (0..actors)
        .map(|_| {
            let (inbox, mut angles) = unbounded_channel();
            let task = tokio::spawn(async move {
                let mut received = 0;
                while let Some(angle) = angles.recv().await {
                    compute(angle);
                    received += 1;
                }
                received
            });
            (inbox, task)
        })
        .unzip();
    for _ in 0..messages {
        for inbox in &inboxes {
            inbox.send(THETA).expect("a worker that waits");
        }
    }
    drop(inboxes);
    let received = sum(tasks).await;
    Round::new(actors * messages, received, began.elapsed())
}

pub async fn fork_join_create(with: Parameters) -> Round {
    let workers = with["workers"];
    let began = Instant::now();
    let tasks = (0..workers)
        .map(|_| {
            let (inbox, mut angles) = unbounded_channel();
            let task = tokio::spawn(async move {
                compute(angles.recv().await.expect("a message"));
                1
            });
            inbox.send(THETA).expect("a worker that waits");
            task
        })
        .collect();
    let ended = sum(tasks).await;
    Round::new(workers, ended, began.elapsed())
}

fn compute(angle: f64) {
    let sine = angle.sin();
    assert!(sine * sine > 0.0);
}

enum Gossip {
    Ping(usize),
    Pong(usize),
    Leave,
}

/// Each task sends a ping to a random neighbour, waits for its pong, and repeats. Meanwhile it
/// answers the others.
pub async fn big(with: Parameters) -> Round {
    let (actors, pings) = (with["actors"], with["pings"]);
    let began = Instant::now();
    let (inboxes, receivers): (Vec<_>, Vec<_>) = (0..actors).map(|_| unbounded_channel()).unzip();
    let all: Arc<[UnboundedSender<Gossip>]> = inboxes.into();
    let (done, mut all_done) = unbounded_channel();
    let tasks = receivers
        .into_iter()
        .enumerate()
        .map(|(id, inbox)| tokio::spawn(gossip(id, inbox, all.clone(), pings, done.clone())))
        .collect();
    for _ in 0..actors {
        all_done.recv().await.expect("a task that is done");
    }
    for inbox in all.iter() {
        inbox.send(Gossip::Leave).expect("a task that waits");
    }
    let received = sum(tasks).await;
    Round::new(2 * actors * pings, received, began.elapsed())
}

async fn gossip(
    id: usize,
    mut inbox: UnboundedReceiver<Gossip>,
    all: Arc<[UnboundedSender<Gossip>]>,
    mut left: usize,
    done: UnboundedSender<()>,
) -> usize {
    let send = |to: usize, message| all[to].send(message).expect("a neighbour");
    let mut random = Random::new(id);
    let mut target = random.below(all.len());
    send(target, Gossip::Ping(id));
    let mut received = 0;
    while let Some(message) = inbox.recv().await {
        match message {
            Gossip::Ping(from) => send(from, Gossip::Pong(id)),
            Gossip::Pong(from) => {
                assert_eq!(from, target, "{id} got a pong from the wrong task");
                left -= 1;
                if left == 0 {
                    done.send(()).expect("a round that waits");
                } else {
                    target = random.below(all.len());
                    send(target, Gossip::Ping(id));
                }
            }
            Gossip::Leave => break,
        }
        received += 1;
    }
    received
}
