//! Digests to look up, out of Python's hands: lists, Arrow arrays, NumPy arrays.

use crate::{
    hash::Digests,
    source::{bytes_of, memory_view},
};
use forensic_core::{
    Result,
    known::{self, HashSet},
};
use pyo3::{exceptions::PyValueError, prelude::*, pybacked::PyBackedBytes, types::PyString};

/// Digests to look up.
#[derive(Default)]
pub(crate) struct Queries {
    count: usize,
    /// Digests of one width, one behind another.
    flat: Vec<Flat>,
    /// Digests of one file, and the number of their query.
    several: Vec<(usize, forensic_core::hash::Digests)>,
}

struct Flat {
    width: usize,
    bytes: Bytes,
    /// The number of each digest's query.
    numbers: Numbers,
}

enum Bytes {
    Copied(Vec<u8>),
    /// As Python had them.
    Shared(PyBackedBytes, std::ops::Range<usize>),
}

enum Numbers {
    From(usize),
    Each(Vec<usize>),
}

impl Queries {
    /// Takes an iterable of digests, an Arrow array, or a NumPy array.
    pub(crate) fn of(digests: &Bound<'_, PyAny>) -> PyResult<Self> {
        let mut queries = Self::default();
        if digests.hasattr("__array_interface__")? {
            queries.take_rows(digests)?;
        } else if let Some(array) = arrow_array(digests)? {
            // A chunked array has several.
            match array.getattr("chunks") {
                Ok(chunks) => chunks.try_iter()?.try_for_each(|chunk| queries.take_arrow(&chunk?))?,
                Err(_) => queries.take_arrow(&array)?,
            }
        } else if digests.hasattr("to_pylist")? {
            queries.take_all(&digests.call_method0("to_pylist")?)?;
        } else {
            queries.take_all(digests)?;
        }
        Ok(queries)
    }

    fn take_rows(&mut self, rows: &Bound<'_, PyAny>) -> PyResult<()> {
        let view = memory_view(rows)?;
        let shape: Vec<usize> = view.getattr("shape")?.extract()?;
        let format: String = view.getattr("format")?.extract()?;
        match *shape {
            [count, width @ (16 | 20 | 32)] if format == "B" => {
                let bytes = bytes_of(rows)?;
                self.take_flat(width, count, 0, bytes);
                Ok(())
            }
            _ => Err(PyValueError::new_err("expected an array uint8 of shape (n, 16), (n, 20) or (n, 32)")),
        }
    }

    fn take_flat(&mut self, width: usize, count: usize, offset: usize, bytes: PyBackedBytes) {
        let from = offset.saturating_mul(width).min(bytes.len());
        let to = from.saturating_add(count.saturating_mul(width)).min(bytes.len());
        let bytes = Bytes::Shared(bytes, from..to);
        self.flat.push(Flat { width, bytes, numbers: Numbers::From(self.count) });
        self.count = self.count.saturating_add(count);
    }

    /// A pyarrow.Array: fixed-size binary as it lies; other binary and text by its offsets.
    fn take_arrow(&mut self, array: &Bound<'_, PyAny>) -> PyResult<()> {
        let kind = array.getattr("type")?.str()?.to_string();
        let (count, offset) = (array.len()?, array.getattr("offset")?.extract::<usize>()?);
        let nulls = array.getattr("null_count")?.extract::<usize>()?;
        let width = match kind.as_str() {
            "fixed_size_binary[16]" => 16,
            "fixed_size_binary[20]" => 20,
            "fixed_size_binary[32]" => 32,
            _ => 0,
        };
        let part = match kind.as_str() {
            "binary" | "string" => 4,
            "large_binary" | "large_string" => 8,
            _ => 0,
        };
        if count == 0 || nulls > 0 || (width == 0 && part == 0) {
            return self.take_all(&array.call_method0("to_pylist")?);
        }
        let buffers: Vec<Bound<'_, PyAny>> = array.call_method0("buffers")?.extract()?;
        let buffer = |number: usize| match buffers.get(number) {
            Some(buffer) if !buffer.is_none() => bytes_of(buffer).map(Some),
            _ => Ok(None),
        };
        let Some(first) = buffer(1)? else { return self.take_all(&array.call_method0("to_pylist")?) };
        if width > 0 {
            self.take_flat(width, count, offset, first);
            return Ok(());
        }
        let data = buffer(2)?;
        let data = data.as_deref().unwrap_or_default();
        let ends = first.chunks_exact(part).skip(offset).take(count.saturating_add(1));
        let ends = ends.map(|end| end.iter().rev().fold(0usize, |number, byte| number << 8 | usize::from(*byte)));
        let is_text = kind.ends_with("string");
        let mut from = None;
        for end in ends {
            if let Some(from) = from.replace(end) {
                let value = data.get(from..end).unwrap_or_default();
                if is_text {
                    self.take(&from_hex(&String::from_utf8_lossy(value))?);
                } else {
                    self.take(of_length(value)?);
                }
            }
        }
        Ok(())
    }

    fn take_all(&mut self, digests: &Bound<'_, PyAny>) -> PyResult<()> {
        for digest in digests.try_iter()? {
            let digest = digest?;
            if digest.is_none() {
                // What Arrow has no value for is unknown.
                self.count = self.count.saturating_add(1);
            } else if let Ok(digests) = digest.cast::<Digests>() {
                self.several.push((self.count, digests.get().0.clone()));
                self.count = self.count.saturating_add(1);
            } else {
                self.take(&digest_of(&digest)?);
            }
        }
        Ok(())
    }

    fn take(&mut self, digest: &[u8]) {
        let number = self.count;
        self.count = self.count.saturating_add(1);
        for flat in &mut self.flat {
            if let Flat { width, bytes: Bytes::Copied(bytes), numbers: Numbers::Each(numbers) } = flat
                && *width == digest.len()
            {
                bytes.extend_from_slice(digest);
                return numbers.push(number);
            }
        }
        let (bytes, numbers) = (Bytes::Copied(digest.to_vec()), Numbers::Each(vec![number]));
        self.flat.push(Flat { width: digest.len(), bytes, numbers });
    }

    /// Whether the set knows each.
    pub(crate) fn contains(&self, set: &HashSet) -> Result<Vec<bool>> {
        let of_file = |digests: &_| set.lookup(digests).map(|known| !known.is_empty());
        self.ask(|bytes, width| set.contains_many(bytes, width), of_file)
    }

    /// What the set says of each.
    pub(crate) fn look_up(&self, set: &HashSet) -> Result<Vec<Vec<known::Known>>> {
        self.ask(|bytes, width| set.lookup_many(bytes, width), |digests| set.lookup(digests))
    }

    fn ask<T: Default>(
        &self,
        many: impl Fn(&[u8], usize) -> Result<Vec<T>>,
        of_file: impl Fn(&forensic_core::hash::Digests) -> Result<T>,
    ) -> Result<Vec<T>> {
        if let [Flat { width, bytes, numbers: Numbers::From(0) }] = self.flat.as_slice()
            && self.several.is_empty()
        {
            return many(bytes.as_slice(), *width);
        }
        let mut answers = Vec::new();
        answers.resize_with(self.count, T::default);
        let mut answer = |number: usize, answer: T| {
            if let Some(place) = answers.get_mut(number) {
                *place = answer;
            }
        };
        for Flat { width, bytes, numbers } in &self.flat {
            let found = many(bytes.as_slice(), *width)?.into_iter().enumerate();
            match numbers {
                Numbers::From(first) => found.for_each(|(number, found)| answer(first.saturating_add(number), found)),
                Numbers::Each(numbers) => {
                    numbers.iter().zip(found).for_each(|(number, (_, found))| answer(*number, found))
                }
            }
        }
        for (number, digests) in &self.several {
            answer(*number, of_file(digests)?);
        }
        Ok(answers)
    }
}

impl Bytes {
    fn as_slice(&self) -> &[u8] {
        match self {
            Self::Copied(bytes) => bytes,
            Self::Shared(bytes, range) => bytes.get(range.clone()).unwrap_or_default(),
        }
    }
}

/// The argument as pyarrow has it, where it is an Arrow array of whatever library and pyarrow is there.
pub(crate) fn arrow_array<'py>(digests: &Bound<'py, PyAny>) -> PyResult<Option<Bound<'py, PyAny>>> {
    if digests.hasattr("buffers")? || digests.hasattr("chunks")? {
        return Ok(Some(digests.clone()));
    }
    for (interface, constructor) in [("__arrow_c_stream__", "chunked_array"), ("__arrow_c_array__", "array")] {
        if digests.hasattr(interface)?
            && let Ok(arrow) = digests.py().import("pyarrow")
        {
            return arrow.call_method1(constructor, (digests,)).map(Some);
        }
    }
    Ok(None)
}

/// The bytes of a digest given as hex text or bytes.
pub(crate) fn digest_of(digest: &Bound<'_, PyAny>) -> PyResult<Vec<u8>> {
    if let Ok(text) = digest.cast::<PyString>() {
        return from_hex(&text.to_string());
    }
    let bytes = bytes_of(digest)?;
    of_length(&bytes).map(<[u8]>::to_vec)
}

fn from_hex(text: &str) -> PyResult<Vec<u8>> {
    let digits: Option<Vec<u8>> = text.chars().map(|c| u8::try_from(c.to_digit(16)?).ok()).collect();
    let bytes = digits.filter(|digits| matches!(digits.len(), 32 | 40 | 64)).map(|digits| {
        digits.chunks_exact(2).map(|pair| pair.iter().fold(0, |byte, digit| byte << 4 | digit)).collect()
    });
    bytes.ok_or_else(|| PyValueError::new_err(format!("{text:?} is not a digest in hex")))
}

fn of_length(digest: &[u8]) -> PyResult<&[u8]> {
    match digest.len() {
        16 | 20 | 32 => Ok(digest),
        other => Err(PyValueError::new_err(format!("a digest has 16, 20 or 32 bytes, not {other}"))),
    }
}
