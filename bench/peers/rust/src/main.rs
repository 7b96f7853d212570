//! A program of the Rust client that waits for N queries, a thread each: rust_client REMOTE COUNT. Its calls block.
//!
//! It takes the commands of bench_peers on its standard input and answers each with a line of JSON.
use serde_json::{json, Value};
use spark_connect::streaming::{StreamingQuery, Trigger};
use spark_connect::SparkSession;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::io::BufRead;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

type Ends = Arc<Mutex<HashMap<String, (Instant, String)>>>;

struct Program {
    spark: SparkSession,
    count: usize,
    queries: Vec<StreamingQuery>,
    ends: Ends,
}

fn milliseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1000.0
}

fn until(limit: Duration, condition: impl Fn() -> bool) {
    let end = Instant::now() + limit;
    while !condition() && Instant::now() < end {
        std::thread::sleep(Duration::from_millis(2));
    }
}

impl Program {
    fn start(&mut self) -> Value {
        let began = Instant::now();
        let mut run_ids = HashSet::new();
        for _ in 0..self.count {
            let stream = self.spark.read_stream().format("rate").load(None);
            let writer = stream.write_stream().format("noop");
            let query = writer.trigger(Trigger::ProcessingTime("10 minutes".into())).start("").expect("start");
            run_ids.insert(query.run_id().to_string());
            self.queries.push(query.clone());
            let ends = self.ends.clone();
            std::thread::spawn(move || {
                let how = match query.await_termination(None) {
                    Ok(_) => "ended".to_string(),
                    Err(error) => format!("{error:?}").chars().take(60).collect(),
                };
                ends.lock().unwrap().insert(query.run_id().to_string(), (Instant::now(), how));
            });
        }
        json!({"seconds": began.elapsed().as_secs_f64(), "run_ids": run_ids.len()})
    }

    fn status(&self, calls: usize) -> Value {
        let times: Vec<f64> = (0..calls)
            .map(|i| {
                let began = Instant::now();
                self.queries[i % self.queries.len()].status().expect("status");
                milliseconds(began.elapsed())
            })
            .collect();
        json!({ "ms": times })
    }

    fn stop(&mut self, number: usize) -> Value {
        let (mut stops, mut delays) = (Vec::new(), Vec::new());
        for _ in 0..number {
            let query = self.queries.pop().expect("a query");
            let began = Instant::now();
            query.stop().expect("stop");
            let done = Instant::now();
            stops.push(milliseconds(done - began));
            until(Duration::from_secs(30), || self.ends.lock().unwrap().contains_key(query.run_id()));
            delays.push(match self.ends.lock().unwrap().get(query.run_id()) {
                Some((at, _)) if *at >= done => milliseconds(*at - done),
                Some((at, _)) => -milliseconds(done - *at),
                None => 30000.0,
            });
        }
        json!({"stop_ms": stops, "delay_ms": delays})
    }

    /// What is known of the queries, which are gone with their server.
    fn lost(&self, seconds: u64) -> Value {
        let all = || {
            let ends = self.ends.lock().unwrap();
            self.queries.iter().all(|query| ends.contains_key(query.run_id()))
        };
        until(Duration::from_secs(seconds), all);
        let ends = self.ends.lock().unwrap();
        let mut counts: BTreeMap<String, usize> = BTreeMap::new();
        for query in &self.queries {
            let how = ends.get(query.run_id()).map_or("still waits", |end| end.1.as_str());
            *counts.entry(how.to_string()).or_default() += 1;
        }
        json!(counts)
    }
}

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    let mut program = Program {
        spark: SparkSession::builder().remote(&arguments[1]).get_or_create().expect("a session"),
        count: arguments[2].parse().expect("a number"),
        queries: Vec::new(),
        ends: Ends::default(),
    };
    for line in std::io::stdin().lock().lines() {
        let line = line.expect("a line");
        let mut words = line.split(' ');
        let verb = words.next().unwrap_or_default();
        let number: usize = words.next().unwrap_or("0").parse().expect("a number");
        let answer = match verb {
            "start" => program.start(),
            "status" => program.status(number),
            "stop" => program.stop(number),
            _ => program.lost(number as u64),
        };
        println!("{answer}");
    }
    std::process::exit(0); // threads that still wait are of no interest
}
