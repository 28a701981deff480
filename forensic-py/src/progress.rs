//! Long work: outside the interpreter's lock, watched by a callback, ended by it or by Ctrl-C.

use crate::error::OrRaise;
use forensic_core::{Progress, Result};
use pyo3::{prelude::*, types::PyBool};
use std::{
    ops::ControlFlow,
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

/// Asking more often would only make threads wait for the interpreter.
const INTERVAL: Duration = Duration::from_millis(20);

/// Runs `work` with the interpreter's lock released. `callable(done, total)` is called every 20 ms and at the end; work
/// ends when it returns False or raises, or when a signal handler (Ctrl-C) raises.
pub(crate) fn run<T: Send>(
    py: Python<'_>,
    callable: Option<Py<PyAny>>,
    work: impl FnOnce(&dyn Progress) -> Result<T> + Send,
) -> PyResult<T> {
    let watch = Watch { callable, last: Mutex::new(None), raised: Mutex::new(None) };
    let result = py.detach(|| work(&watch));
    match watch.raised.into_inner().unwrap_or_else(PoisonError::into_inner) {
        Some(raised) => Err(raised),
        None => result.or_raise(py),
    }
}

struct Watch {
    callable: Option<Py<PyAny>>,
    last: Mutex<Option<Instant>>,
    raised: Mutex<Option<PyErr>>,
}

impl Watch {
    fn is_due(&self, done: u64, total: u64) -> bool {
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        let due = done >= total || last.is_none_or(|last| last.elapsed() >= INTERVAL);
        if due {
            *last = Some(Instant::now());
        }
        due
    }

    /// False where the work is to end.
    fn ask(&self, py: Python<'_>, done: u64, total: u64) -> PyResult<bool> {
        py.check_signals()?;
        let Some(callable) = &self.callable else { return Ok(true) };
        let answer = callable.bind(py).call1((done, total))?;
        Ok(!answer.is(&*PyBool::new(py, false)))
    }
}

impl Progress for Watch {
    fn update(&self, done: u64, total: u64) -> ControlFlow<()> {
        if !self.is_due(done, total) {
            return ControlFlow::Continue(());
        }
        match Python::attach(|py| self.ask(py, done, total)) {
            Ok(true) => ControlFlow::Continue(()),
            Ok(false) => ControlFlow::Break(()),
            Err(raised) => {
                *self.raised.lock().unwrap_or_else(PoisonError::into_inner) = Some(raised);
                ControlFlow::Break(())
            }
        }
    }
}
