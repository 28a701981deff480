//! Work on many threads with results in order: the same answer on any number of them.

use crate::error::Result;
use std::{
    collections::BTreeMap,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering},
        mpsc,
    },
};

/// As many threads as the machine runs at once.
pub(crate) fn available_threads() -> usize {
    std::thread::available_parallelism().map_or(1, std::num::NonZero::get)
}

/// The threads to start where the caller asked for so many (`None`: as many as the machine runs at once): none for one,
/// as the caller's own thread does the work then.
pub(crate) fn threads_to_start(wanted: Option<usize>) -> usize {
    match wanted.unwrap_or_else(available_threads) {
        1 => 0,
        threads => threads,
    }
}

/// The threads to start for a pass over so many pieces of a volume: none where there are few, and not many, as the medium is
/// what they all wait for.
pub(crate) fn threads_of_a_pass(pieces: u64) -> usize {
    if pieces < 4 { 0 } else { threads_to_start(Some(available_threads().min(4))) }
}

/// Does `work` for each number below `count` on `threads` threads and gives the results to `visit`, on this thread, in
/// order. With fewer than two numbers or no threads everything happens on this thread; otherwise it works too while there
/// is nothing to visit.
///
/// At most `2 × threads + 2` results wait in memory. `visit` ends the work by returning an error.
pub(crate) fn in_order<T: Send>(
    count: u64,
    threads: usize,
    work: impl Fn(u64) -> T + Sync,
    mut visit: impl FnMut(u64, T) -> Result<()>,
) -> Result<()> {
    if threads == 0 || count < 2 {
        return (0..count).try_for_each(|number| visit(number, work(number)));
    }
    // A ticket allows one more result to be in memory; it is given back when the result was visited.
    let (ticket_tx, ticket_rx) = mpsc::channel::<()>();
    let (ticket_rx, next, stop) = (Mutex::new(ticket_rx), AtomicU64::new(0), AtomicBool::new(false));
    for _ in 0..threads.saturating_mul(2).saturating_add(2) {
        let _ = ticket_tx.send(());
    }
    let number = || {
        let number = next.fetch_add(1, Ordering::Relaxed);
        (number < count && !stop.load(Ordering::Relaxed)).then_some(number)
    };
    let take = || {
        // The ticket is taken before the number, so that the lowest number always has one.
        let tickets = ticket_rx.lock().unwrap_or_else(PoisonError::into_inner);
        tickets.recv().ok()?;
        number()
    };
    // Where another thread holds the tickets, it waits for one, or is about to work and to send what comes of it.
    let take_now = || {
        let tickets = ticket_rx.try_lock().ok()?;
        tickets.try_recv().ok()?;
        number()
    };
    let (take, work, stop) = (&take, &work, &stop);
    std::thread::scope(move |scope| {
        let (done_tx, done_rx) = mpsc::channel::<(u64, T)>();
        for _ in 0..threads {
            let done_tx = done_tx.clone();
            scope.spawn(move || {
                while let Some(number) = take() {
                    if done_tx.send((number, work(number))).is_err() {
                        break;
                    }
                }
            });
        }
        drop(done_tx);
        let mut waiting = BTreeMap::new();
        let mut expected = 0u64;
        let mut result = Ok(());
        let next_done = || {
            let ready = done_rx.try_recv().ok();
            ready.or_else(|| take_now().map(|number| (number, work(number)))).or_else(|| done_rx.recv().ok())
        };
        'results: while let Some((number, done)) = next_done() {
            waiting.insert(number, done);
            while let Some(done) = waiting.remove(&expected) {
                result = visit(expected, done);
                expected = expected.saturating_add(1);
                if result.is_err() {
                    break 'results;
                }
                let _ = ticket_tx.send(());
            }
        }
        stop.store(true, Ordering::Relaxed);
        // Without its sender, the ticket queue ends and so do the threads that wait for one.
        drop(ticket_tx);
        result
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Error;

    #[test]
    fn results_come_in_order_on_any_number_of_threads() {
        for threads in [0, 1, 2, 5] {
            let mut seen = Vec::new();
            in_order(
                1000,
                threads,
                |n| n * n,
                |n, square| {
                    seen.push((n, square));
                    Ok(())
                },
            )
            .unwrap();
            assert_eq!(seen, (0..1000).map(|n| (n, n * n)).collect::<Vec<_>>(), "{threads} threads");
        }
    }

    #[test]
    fn an_error_of_the_visitor_ends_the_work() {
        for threads in [0, 1, 3] {
            let mut visited = 0;
            let ended = in_order(
                u64::MAX,
                threads,
                |n| n,
                |n, _| {
                    visited = n;
                    if n == 10 { Err(Error::Cancelled) } else { Ok(()) }
                },
            );
            assert!(matches!(ended, Err(Error::Cancelled)));
            assert_eq!(visited, 10);
        }
    }
}
