//! The parent: hands copies to processes, and notes what comes of each, even where the process dies of it.

use crate::{
    Options,
    results::{Outcome, Results},
};
use std::{
    error::Error,
    io::{self, BufRead, BufReader, Read, Write},
    path::Path,
    process::{Child, ChildStdin, Command, Stdio},
    sync::{
        atomic::{AtomicU64, Ordering},
        mpsc::{Receiver, RecvTimeoutError, channel},
    },
    time::Duration,
};

/// A copy may take so long; the processes of other copies run beside it.
const PATIENCE: Duration = Duration::from_secs(10);
/// To read the image as it is, and for `fls`.
const MORE_PATIENCE: Duration = Duration::from_secs(120);

/// Runs all copies of one image; true where nothing was found.
pub fn image(options: &Options, image: &Path) -> Result<bool, Box<dyn Error>> {
    let kept = options.results.as_ref().map(|folder| {
        let name = image.file_name().unwrap_or_default().to_string_lossy();
        folder.join(format!("{name}.seed-{}.tsv", options.seed))
    });
    if let Some(folder) = &options.results {
        std::fs::create_dir_all(folder)?;
    }
    let results = Results::open(kept.as_deref())?;
    let next = AtomicU64::new(0);
    let work = || -> io::Result<()> {
        let (mut reader, mut peer) = (None, None);
        loop {
            let number = next.fetch_add(1, Ordering::Relaxed);
            if number >= options.count {
                return Ok(());
            }
            if results.has(number) {
                continue;
            }
            let mut outcome = read(options, image, &mut reader, number)?;
            // Spread over the run: every so many copies, one is also listed by fls.
            if options.peers > 0 && number.is_multiple_of(options.count.div_ceil(options.peers)) {
                compare(options, image, &mut peer, number, &mut outcome)?;
            }
            results.add(number, outcome)?;
        }
    };
    std::thread::scope(|scope| {
        let jobs: Vec<_> = (0..options.jobs).map(|_| scope.spawn(work)).collect();
        jobs.into_iter().try_for_each(|job| job.join().map_err(|_| io::Error::other("a job panicked"))?)
    })?;
    Ok(results.print(image))
}

fn read(options: &Options, image: &Path, process: &mut Option<Process>, number: u64) -> io::Result<Outcome> {
    let mut outcome = Outcome {
        what: String::new(),
        milliseconds: 0,
        memory: 0,
        entries: 0,
        theirs: 0,
        common: 0,
        words: String::new(),
    };
    match Process::ask(process, options, image, &format!("run {number}"), PATIENCE)? {
        Answer::Line(line) => {
            let (what, rest) = line.split_once(' ').unwrap_or((&line, ""));
            outcome.what = what.to_owned();
            let mut numbers = rest.split(' ').map_while(|field| field.parse().ok());
            match what {
                "ok" => {
                    [outcome.milliseconds, outcome.memory, outcome.entries] =
                        std::array::from_fn(|_| numbers.next().unwrap_or(0))
                }
                _ => outcome.words = rest.to_owned(),
            }
        }
        Answer::Late => outcome.what = "time".to_owned(),
        Answer::Dead(words) => {
            outcome.what = if words.contains("memory allocation") { "memory" } else { "crash" }.to_owned();
            outcome.words = words.replace(['\n', '\t'], " ").chars().take(300).collect();
        }
    }
    Ok(outcome)
}

fn compare(
    options: &Options,
    image: &Path,
    process: &mut Option<Process>,
    number: u64,
    outcome: &mut Outcome,
) -> io::Result<()> {
    if let Answer::Line(line) = Process::ask(process, options, image, &format!("peer {number}"), MORE_PATIENCE)?
        && let Some((theirs, common)) = line.split_once(' ')
    {
        (outcome.theirs, outcome.common) = (theirs.parse().unwrap_or(0), common.parse().unwrap_or(0));
    }
    Ok(())
}

enum Answer {
    Line(String),
    Late,
    /// What it said last.
    Dead(String),
}

/// A process that reads copies.
struct Process {
    child: Child,
    commands: ChildStdin,
    answers: Receiver<String>,
}

impl Process {
    fn start(options: &Options, image: &Path) -> io::Result<Self> {
        let mut child = Command::new(std::env::current_exe()?)
            .args(["--child", "--seed", &options.seed.to_string()])
            .arg(image)
            .env("RUST_BACKTRACE", "0")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()?;
        let (Some(commands), Some(out)) = (child.stdin.take(), child.stdout.take()) else {
            return Err(io::Error::other("a process without pipes"));
        };
        let (sender, answers) = channel();
        std::thread::spawn(move || {
            for line in BufReader::new(out).lines().map_while(Result::ok) {
                if sender.send(line).is_err() {
                    return;
                }
            }
        });
        let mut process = Self { child, commands, answers };
        match process.answers.recv_timeout(MORE_PATIENCE) {
            Ok(line) if line == "ready" => Ok(process),
            _ => Err(io::Error::other(format!("{} cannot be read: {}", image.display(), process.end()))),
        }
    }

    /// Asks the process in `place`, which is started where there is none, and forgotten where it does not answer.
    fn ask(
        place: &mut Option<Self>,
        options: &Options,
        image: &Path,
        command: &str,
        patience: Duration,
    ) -> io::Result<Answer> {
        let mut process = match place.take() {
            Some(process) => process,
            None => Self::start(options, image)?,
        };
        // A process that has died does not take the command; then there is no answer either.
        let _ = writeln!(process.commands, "{command}");
        match process.answers.recv_timeout(patience) {
            Ok(line) => {
                *place = Some(process);
                Ok(Answer::Line(line))
            }
            Err(RecvTimeoutError::Timeout) => {
                process.end();
                Ok(Answer::Late)
            }
            Err(RecvTimeoutError::Disconnected) => Ok(Answer::Dead(process.end())),
        }
    }

    /// Ends it; gives its last words.
    fn end(&mut self) -> String {
        let _ = self.child.kill();
        let status = self.child.wait();
        let mut words = String::new();
        if let Some(mut errors) = self.child.stderr.take() {
            let _ = errors.read_to_string(&mut words);
        }
        let status = status.map_or_else(|error| error.to_string(), |status| status.to_string());
        format!("{status} {}", words.trim())
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
