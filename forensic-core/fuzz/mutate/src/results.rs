//! What came of each copy, kept in a file so that a run can go on, and summed up in a table.

use std::{
    collections::BTreeMap,
    fs::{File, OpenOptions},
    io::{self, Write},
    path::Path,
    sync::{Mutex, PoisonError},
};

/// What came of one copy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcome {
    /// "ok", "panic", "time", "memory", "crash".
    pub what: String,
    pub milliseconds: u64,
    pub memory: u64,
    pub entries: u64,
    /// Entries that `fls` lists, and how many of them we do; 0 where it was not asked or lists none.
    pub theirs: u64,
    pub common: u64,
    pub words: String,
}

/// Outcomes by the number of the copy.
pub struct Results {
    outcomes: Mutex<(BTreeMap<u64, Outcome>, Option<File>)>,
}

impl Results {
    /// Reads what an earlier run left in `path`, and goes on there.
    pub fn open(path: Option<&Path>) -> io::Result<Self> {
        let Some(path) = path else { return Ok(Self { outcomes: Mutex::default() }) };
        let text = std::fs::read_to_string(path).unwrap_or_default();
        let file = OpenOptions::new().create(true).append(true).open(path)?;
        Ok(Self { outcomes: Mutex::new((text.lines().filter_map(parse).collect(), Some(file))) })
    }

    pub fn has(&self, number: u64) -> bool {
        self.outcomes.lock().unwrap_or_else(PoisonError::into_inner).0.contains_key(&number)
    }

    pub fn add(&self, number: u64, outcome: Outcome) -> io::Result<()> {
        let mut outcomes = self.outcomes.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(file) = &mut outcomes.1 {
            let Outcome { what, milliseconds, memory, entries, theirs, common, words } = &outcome;
            writeln!(file, "{number}\t{what}\t{milliseconds}\t{memory}\t{entries}\t{theirs}\t{common}\t{words}")?;
        }
        outcomes.0.insert(number, outcome);
        Ok(())
    }

    /// Prints the row of an image and every finding; true where there is none and `fls` lists little that we do not.
    pub fn print(&self, image: &Path) -> bool {
        let outcomes = &self.outcomes.lock().unwrap_or_else(PoisonError::into_inner).0;
        let count = |what: &str| outcomes.values().filter(|outcome| outcome.what == what).count();
        let most = |field: fn(&Outcome) -> u64| outcomes.values().map(field).max().unwrap_or(0);
        let asked = || outcomes.values().filter(|outcome| outcome.theirs > 0);
        let mut shares: Vec<f64> = asked().map(|outcome| outcome.common as f64 / outcome.theirs as f64).collect();
        shares.sort_by(f64::total_cmp);
        let median = shares.get(shares.len() / 2).copied();
        println!(
            "{:<24}{:>8}{:>8}{:>8}{:>8}{:>8}{:>8}{:>10}{:>10}{:>8}{:>9}",
            "image", "copies", "panics", "crashes", ">10 s", ">512 M", "empty", "slowest", "memory", "by fls", "median"
        );
        println!(
            "{:<24}{:>8}{:>8}{:>8}{:>8}{:>8}{:>8}{:>7} ms{:>6} MiB{:>8}{:>9}",
            image.file_name().unwrap_or_default().to_string_lossy(),
            outcomes.len(),
            count("panic"),
            count("crash"),
            count("time"),
            count("memory"),
            outcomes.values().filter(|outcome| outcome.what == "ok" && outcome.entries == 0).count(),
            most(|outcome| outcome.milliseconds),
            most(|outcome| outcome.memory) >> 20,
            shares.len(),
            median.map_or("-".to_owned(), |median| format!("{median:.3}")),
        );
        for (number, outcome) in outcomes.iter().filter(|(_, outcome)| outcome.what != "ok") {
            println!("  copy {number}: {} {}", outcome.what, outcome.words);
        }
        count("ok") == outcomes.len() && median.is_none_or(|median| median >= 0.9)
    }
}

fn parse(line: &str) -> Option<(u64, Outcome)> {
    let mut fields = line.splitn(8, '\t');
    let number = fields.next()?.parse().ok()?;
    let what = fields.next()?.to_owned();
    let mut next = || fields.next()?.parse().ok();
    let (milliseconds, memory, entries, theirs, common) = (next()?, next()?, next()?, next()?, next()?);
    let words = fields.next()?.to_owned();
    Some((number, Outcome { what, milliseconds, memory, entries, theirs, common, words }))
}
