//! Savina's chameneos: creatures meet in pairs at a mall and change colour with each meeting.

use std::time::Instant;

use tokio::sync::mpsc::{unbounded_channel, UnboundedSender};

use crate::round::{sum, Parameters, Round};

#[derive(Clone, Copy, PartialEq)]
enum Colour {
    Red,
    Yellow,
    Blue,
}

use Colour::{Blue, Red, Yellow};

impl Colour {
    fn complement(self, other: Colour) -> Colour {
        match (self, other) {
            (Red, Yellow) | (Yellow, Red) => Blue,
            (Red, Blue) | (Blue, Red) => Yellow,
            (Yellow, Blue) | (Blue, Yellow) => Red,
            _ => self,
        }
    }
}

/// A creature at the mall.
struct Visitor {
    colour: Colour,
    inbox: UnboundedSender<Encounter>,
}

enum Encounter {
    Meet(Visitor),
    Change(Colour),
    Leave,
}

/// The round's own task is the mall. Both of a pair count the meeting.
pub async fn chameneos(with: Parameters) -> Round {
    let (creatures, meetings) = (with["chameneos"], with["meetings"]);
    let began = Instant::now();
    let (mall, mut visitors) = unbounded_channel();
    let tasks = (0..creatures)
        .map(|i| tokio::spawn(enter(mall.clone(), [Red, Yellow, Blue][i % 3])))
        .collect();
    let mut next = async || visitors.recv().await.expect("a visitor");
    for _ in 0..meetings {
        let waiting = next().await;
        waiting
            .inbox
            .send(Encounter::Meet(next().await))
            .expect("a creature that waits");
    }
    for _ in 0..creatures {
        next()
            .await
            .inbox
            .send(Encounter::Leave)
            .expect("a creature that waits");
    }
    let attendances = sum(tasks).await;
    Round::new(meetings, attendances / 2, began.elapsed())
}

async fn enter(mall: UnboundedSender<Visitor>, mut colour: Colour) -> usize {
    let (inbox, mut encounters) = unbounded_channel();
    let mut met = 0;
    loop {
        mall.send(Visitor {
            colour,
            inbox: inbox.clone(),
        })
        .expect("a mall");
        match encounters.recv().await.expect("an encounter") {
            Encounter::Meet(other) => {
                colour = colour.complement(other.colour);
                other.inbox.send(Encounter::Change(colour)).expect("the other creature");
            }
            Encounter::Change(changed) => colour = changed,
            Encounter::Leave => return met,
        }
        met += 1;
    }
}
