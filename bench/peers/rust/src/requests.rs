//! Savina's requests: tasks that ask another task while more requests wait in their mailboxes. The
//! reply comes on a oneshot channel, not through the mailbox.

use std::time::Instant;

use tokio::sync::mpsc::{unbounded_channel, UnboundedReceiver, UnboundedSender};
use tokio::sync::oneshot;

use crate::random::Random;
use crate::round::{sum, Parameters, Round};

const FIRST_BALANCE: usize = 1_000_000;

enum Request {
    Transfer {
        target: UnboundedSender<Request>,
        amount: usize,
        teller: UnboundedSender<()>,
    },
    Deposit {
        amount: usize,
        reply: oneshot::Sender<()>,
    },
}

/// The round's own task is the teller. Money only goes from lower to higher accounts, so no two
/// accounts wait for each other.
pub async fn banking(with: Parameters) -> Round {
    let transactions = with["transactions"];
    let began = Instant::now();
    let (accounts, tasks): (Vec<_>, Vec<_>) = (0..with["accounts"])
        .map(|_| {
            let (account, inbox) = unbounded_channel();
            (account, tokio::spawn(keep_account(inbox)))
        })
        .unzip();
    let (teller, mut completed) = unbounded_channel();
    order(&accounts, transactions, teller);
    let mut count = 0;
    while completed.recv().await.is_some() {
        count += 1;
    }
    let total = accounts.len() * FIRST_BALANCE;
    drop(accounts);
    assert_eq!(sum(tasks).await, total, "money was lost or made");
    Round::new(transactions, count, began.elapsed())
}

fn order(accounts: &[UnboundedSender<Request>], transactions: usize, teller: UnboundedSender<()>) {
    let mut random = Random::new(123456);
    let sources = (accounts.len() / 10 * 8).max(1);
    for _ in 0..transactions {
        let source = random.below(sources);
        let target = source + random.below(accounts.len() - source).max(1);
        let request = Request::Transfer {
            target: accounts[target].clone(),
            amount: random.below(1000),
            teller: teller.clone(),
        };
        accounts[source].send(request).expect("an account");
    }
}

async fn keep_account(mut inbox: UnboundedReceiver<Request>) -> usize {
    let mut balance = FIRST_BALANCE;
    while let Some(request) = inbox.recv().await {
        match request {
            Request::Transfer { target, amount, teller } => {
                balance -= amount;
                let (reply, deposited) = oneshot::channel();
                target.send(Request::Deposit { amount, reply }).expect("an account");
                deposited.await.expect("a reply");
                teller.send(()).expect("a teller");
            }
            Request::Deposit { amount, reply } => {
                balance += amount;
                reply.send(()).expect("an account that waits");
            }
        }
    }
    balance
}

struct Compute {
    term: f64,
    reply: oneshot::Sender<f64>,
}

/// Savina's logistic map: a worker for each series asks a computer for one term after another.
pub async fn log_map(with: Parameters) -> Round {
    let (terms, series) = (with["terms"], with["series"]);
    let began = Instant::now();
    let (workers, tasks): (Vec<_>, Vec<_>) = (0..series)
        .map(|number| {
            let (computer, requests) = unbounded_channel();
            tokio::spawn(compute(rate(number), requests));
            let (worker, inbox) = unbounded_channel();
            (worker, tokio::spawn(work(start(number), inbox, computer)))
        })
        .unzip();
    for _ in 0..terms {
        for worker in &workers {
            worker.send(()).expect("a worker that waits");
        }
    }
    drop(workers);
    let mut computed = 0;
    for (number, task) in tasks.into_iter().enumerate() {
        let (term, count) = task.await.expect("a worker that ends");
        let right = (0..terms).fold(start(number), |term, _| next_term(rate(number), term));
        assert_eq!(term, right, "series {number}");
        computed += count;
    }
    Round::new(terms * series, computed, began.elapsed())
}

async fn work(mut term: f64, mut inbox: UnboundedReceiver<()>, computer: UnboundedSender<Compute>) -> (f64, usize) {
    let mut computed = 0;
    while inbox.recv().await.is_some() {
        let (reply, answer) = oneshot::channel();
        computer.send(Compute { term, reply }).expect("a computer");
        term = answer.await.expect("a term");
        computed += 1;
    }
    (term, computed)
}

async fn compute(rate: f64, mut requests: UnboundedReceiver<Compute>) {
    while let Some(Compute { term, reply }) = requests.recv().await {
        reply.send(next_term(rate, term)).expect("a worker that waits");
    }
}

fn rate(number: usize) -> f64 {
    3.46 + number as f64 * 0.0025
}

fn start(number: usize) -> f64 {
    number as f64 * 0.0025
}

fn next_term(rate: f64, term: f64) -> f64 {
    rate * term * (1.0 - term)
}
