//! Messages between tasks: how fast they are sent, queued and received.

use std::time::Instant;

use tokio::sync::mpsc::{unbounded_channel, UnboundedReceiver, UnboundedSender};
use tokio::sync::oneshot;

use crate::round::{share, sum, Parameters, Round};

/// Sends bytes back and forth: a clone of the vector, or with the parameter `move` the vector itself.
pub async fn ping_pong(with: Parameters) -> Round {
    let (pairs, moves) = (with["pairs"], with["move"] == 1);
    let trips = share(with["messages"], 2 * pairs);
    let mut services = Vec::new();
    let mut tasks = Vec::new();
    for _ in 0..pairs {
        let (to_ping, ping_inbox) = unbounded_channel();
        let (to_pong, pong_inbox) = unbounded_channel();
        services.push(to_pong.clone());
        tasks.push(tokio::spawn(ping(ping_inbox, to_pong, trips, moves)));
        tasks.push(tokio::spawn(pong(pong_inbox, to_ping, moves)));
    }
    let began = Instant::now();
    for to_pong in services {
        to_pong.send(vec![7u8; with["bytes"]]).expect("a pong that waits");
    }
    let received = sum(tasks).await;
    let beside = format!(r#","payload":"{}""#, if moves { "moved" } else { "copied" });
    Round {
        beside,
        ..Round::new(2 * pairs * trips, received, began.elapsed())
    }
}

async fn ping(
    mut inbox: UnboundedReceiver<Vec<u8>>,
    pong: UnboundedSender<Vec<u8>>,
    trips: usize,
    moves: bool,
) -> usize {
    let mut received = 0;
    while let Some(ball) = inbox.recv().await {
        received += 1;
        if received == trips {
            break;
        }
        pong.send(fresh(ball, moves)).expect("a pong that waits");
    }
    received
}

async fn pong(mut inbox: UnboundedReceiver<Vec<u8>>, ping: UnboundedSender<Vec<u8>>, moves: bool) -> usize {
    let mut received = 0;
    while let Some(ball) = inbox.recv().await {
        received += 1;
        ping.send(fresh(ball, moves)).expect("a ping that waits");
    }
    received
}

fn fresh(ball: Vec<u8>, moves: bool) -> Vec<u8> {
    if moves {
        ball
    } else {
        ball.clone()
    }
}

pub async fn fan_in(with: Parameters) -> Round {
    let (senders, each) = (with["senders"], share(with["messages"], with["senders"]));
    let (inbox, receiver) = unbounded_channel();
    let receiving = tokio::spawn(count(receiver));
    let orders: Vec<_> = (0..senders)
        .map(|_| {
            let inbox = inbox.clone();
            let (order, ordered) = oneshot::channel();
            tokio::spawn(async move {
                for number in 0..ordered.await.expect("an order") {
                    inbox.send(number).expect("a receiver that waits");
                }
            });
            order
        })
        .collect();
    drop(inbox);
    let began = Instant::now();
    for order in orders {
        order.send(each).expect("a sender that waits");
    }
    let received = receiving.await.expect("a receiver that ends");
    Round::new(senders * each, received, began.elapsed())
}

pub async fn fan_out(with: Parameters) -> Round {
    let (receivers, each) = (with["receivers"], share(with["messages"], with["receivers"]));
    let (inboxes, tasks): (Vec<_>, Vec<_>) = (0..receivers)
        .map(|_| {
            let (inbox, receiver) = unbounded_channel();
            (inbox, tokio::spawn(count(receiver)))
        })
        .unzip();
    let began = Instant::now();
    tokio::spawn(async move {
        for number in 0..each {
            for inbox in &inboxes {
                inbox.send(number).expect("a receiver that waits");
            }
        }
    });
    let received = sum(tasks).await;
    Round::new(receivers * each, received, began.elapsed())
}

async fn count(mut inbox: UnboundedReceiver<usize>) -> usize {
    let mut received = 0;
    while inbox.recv().await.is_some() {
        received += 1;
    }
    received
}

/// Savina's thread ring. The task with the last token ends. The next task then has no sender and
/// ends too, and so on.
pub async fn thread_ring(with: Parameters) -> Round {
    let (actors, hops) = (with["actors"], with["hops"]);
    let began = Instant::now();
    let (first, mut inbox) = unbounded_channel();
    let mut tasks = Vec::new();
    for _ in 1..actors {
        let (next, next_inbox) = unbounded_channel();
        tasks.push(tokio::spawn(ring(inbox, next)));
        inbox = next_inbox;
    }
    first.send(hops).expect("the first of the ring");
    tasks.push(tokio::spawn(ring(inbox, first)));
    let received = sum(tasks).await;
    Round::new(hops, received, began.elapsed())
}

async fn ring(mut inbox: UnboundedReceiver<usize>, next: UnboundedSender<usize>) -> usize {
    let mut received = 0;
    while let Some(left) = inbox.recv().await {
        received += 1;
        if left == 1 {
            break;
        }
        next.send(left - 1).expect("the next of the ring");
    }
    received
}

enum Counted {
    Increment,
    Retrieve(oneshot::Sender<usize>),
}

/// Savina's counting actor: a producer sends increments to a counter, and then asks for the count.
pub async fn counting(with: Parameters) -> Round {
    let messages = with["messages"];
    let began = Instant::now();
    let (counter, inbox) = unbounded_channel();
    let (reply, counted) = oneshot::channel();
    tokio::spawn(count_increments(inbox));
    tokio::spawn(async move {
        for _ in 0..messages {
            counter.send(Counted::Increment).expect("a counter that waits");
        }
        counter.send(Counted::Retrieve(reply)).expect("a counter");
    });
    let received = counted.await.expect("a count");
    Round::new(messages, received, began.elapsed())
}

async fn count_increments(mut inbox: UnboundedReceiver<Counted>) {
    let mut count = 0;
    while let Some(message) = inbox.recv().await {
        match message {
            Counted::Increment => count += 1,
            Counted::Retrieve(reply) => reply.send(count).expect("a round that waits"),
        }
    }
}
