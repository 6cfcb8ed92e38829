//! The peer in Rust, with the protocol of ../../README.md. An actor is a Tokio task and its mailbox
//! an unbounded mpsc channel, all on the current-thread runtime.

mod buffer;
mod chameneos;
mod crowd;
mod lives;
mod messages;
mod random;
mod requests;
mod round;

use std::future::Future;
use std::io::{self, BufRead};
use std::pin::Pin;
use std::process::exit;
use std::{env, panic};

use round::{Parameters, Round};

struct Scenario {
    name: &'static str,
    /// Names and defaults. One whose default is 0 is an option. All others are at least 1, except bytes.
    parameters: &'static [(&'static str, usize)],
    run: fn(Parameters) -> Pin<Box<dyn Future<Output = Round> + Send>>,
}

macro_rules! scenarios {
    ($($name:literal => $run:path [$($parameter:literal: $default:literal),*])*) => {
        &[$(Scenario { name: $name, parameters: &[$(($parameter, $default)),*], run: |with| Box::pin($run(with)) }),*]
    };
}

const SCENARIOS: &[Scenario] = scenarios! {
    "ping-pong" => messages::ping_pong ["pairs": 1, "bytes": 8, "messages": 200_000, "move": 0]
    "fan-in" => messages::fan_in ["senders": 1000, "messages": 200_000]
    "fan-out" => messages::fan_out ["receivers": 1000, "messages": 200_000]
    "thread-ring" => messages::thread_ring ["actors": 100, "hops": 100_000]
    "counting" => messages::counting ["messages": 1_000_000]
    "fork-join-throughput" => crowd::fork_join_throughput ["actors": 60, "messages": 10_000]
    "fork-join-create" => crowd::fork_join_create ["workers": 40_000]
    "big" => crowd::big ["actors": 120, "pings": 20_000]
    "chameneos" => chameneos::chameneos ["chameneos": 100, "meetings": 200_000]
    "bounded-buffer" => buffer::bounded_buffer ["buffer": 50, "producers": 40, "consumers": 40, "items": 1000, "cost": 0]
    "banking" => requests::banking ["accounts": 1000, "transactions": 50_000]
    "log-map" => requests::log_map ["terms": 25_000, "series": 10]
    "spawn" => lives::one_by_one ["count": 20_000]
    "spawn-storm" => lives::storm ["count": 10_000]
    "memory" => lives::memory ["actors": 10_000]
};

fn main() {
    // A panic in one task ends the process, because other tasks would wait for it.
    panic::set_hook(Box::new(|info| fail(&info.to_string())));
    let arguments: Vec<String> = env::args().skip(1).collect();
    match arguments.split_first() {
        None => fail("usage: peer <scenario> [key=value ...], or peer --list"),
        Some((first, _)) if first == "--list" => SCENARIOS.iter().for_each(list),
        Some((name, settings)) => match SCENARIOS.iter().find(|each| each.name == name) {
            None => fail(&format!(
                "there is no scenario {name}; --list prints those that there are"
            )),
            Some(scenario) => play(scenario, set(scenario, settings)),
        },
    }
}

fn play(scenario: &Scenario, with: Parameters) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .expect("a runtime");
    for line in io::stdin().lock().lines() {
        let line = line.expect("a line of stdin");
        if line != "round" {
            fail(&format!("stdin: expected \"round\", not {line:?}"));
        }
        // A task like the others: the runtime polls its own future less often.
        let task = runtime.spawn((scenario.run)(with.clone()));
        let round = runtime.block_on(task).expect("a round");
        if round.check != round.operations {
            fail(&format!(
                "{}: {} operations, but {} were counted",
                scenario.name, round.operations, round.check
            ));
        }
        println!(
            r#"{{"scenario":"{}","operations":{},"elapsedMs":{:.6},"check":{}{}}}"#,
            scenario.name,
            round.operations,
            round.elapsed.as_secs_f64() * 1e3,
            round.check,
            round.beside
        );
    }
}

fn set(scenario: &Scenario, settings: &[String]) -> Parameters {
    let mut with: Parameters = scenario.parameters.iter().copied().collect();
    for setting in settings {
        let (key, text) = setting.split_once('=').unwrap_or((setting, ""));
        match (
            scenario.parameters.iter().find(|(name, _)| *name == key),
            text.parse::<usize>(),
        ) {
            (Some((name, default)), Ok(value)) if value >= *default.min(&1) || *name == "bytes" => {
                with.insert(name, value);
            }
            _ => fail(&format!(
                "{setting} is no setting of this scenario; --list prints the parameters"
            )),
        }
    }
    with
}

fn list(scenario: &Scenario) {
    let parameters: Vec<String> = scenario
        .parameters
        .iter()
        .map(|(name, default)| format!(r#""{name}":{default}"#))
        .collect();
    println!(
        r#"{{"scenario":"{}","parameters":{{{}}}}}"#,
        scenario.name,
        parameters.join(",")
    );
}

fn fail(message: &str) -> ! {
    eprintln!("{message}");
    exit(1)
}
