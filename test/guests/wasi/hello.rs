//! Does what a program of WASI usually does, and says what came of it.
use std::collections::HashMap;
use std::io::Read;
use std::time::{Duration, SystemTime};

fn main() {
    println!("{} arguments, {} variables", std::env::args().count(), std::env::vars().count());
    let mut input = String::new();
    let read = std::io::stdin().read_to_string(&mut input);
    println!("read {input:?} {:?}", read.is_ok());
    println!("a file: {}", std::fs::File::open("/etc/passwd").is_err());
    // Its keys are random.
    let map = HashMap::from([(1, 2)]);
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap();
    eprintln!("random: {map:?} clock: {}", since > Duration::from_secs(1_000_000_000));
    print!("no line end");
    std::process::exit(3);
}
