//! Texts and lists as C wants them: NUL-terminated, fixed in place, alive as long as the handle that gives them.

use std::{
    collections::BTreeSet,
    ffi::{CStr, CString, c_char},
    ptr::null,
    sync::{Arc, Mutex, OnceLock, PoisonError},
};

/// The texts a handle has given out, each made once, when it was first asked for.
#[derive(Default)]
pub(crate) struct Texts(Mutex<BTreeSet<Arc<CStr>>>);

impl Texts {
    /// The text, NUL-terminated.
    pub(crate) fn give(&self, text: &str) -> *const c_char {
        let text: Arc<CStr> = to_c(text).into();
        let mut given = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(same) = given.get(&text) {
            return same.as_ptr();
        }
        let pointer = text.as_ptr();
        given.insert(text);
        pointer
    }

    /// The text, or NULL where there is none.
    pub(crate) fn give_any(&self, text: Option<&str>) -> *const c_char {
        text.map_or(null(), |text| self.give(text))
    }
}

/// A list that C reads in place, made once, when it is first asked for.
pub(crate) struct Items<T>(OnceLock<Box<[T]>>);

// SAFETY: the items are plain data that never changes once made; what they point to is kept by the same handle, and
// never changes either.
unsafe impl<T: Copy> Send for Items<T> {}
// SAFETY: as above.
unsafe impl<T: Copy> Sync for Items<T> {}

impl<T: Copy> Items<T> {
    /// A list that stands already.
    pub(crate) fn of(items: impl IntoIterator<Item = T>) -> Self {
        Self(OnceLock::from(items.into_iter().collect::<Box<[T]>>()))
    }

    /// The items, which `make` gives the first time.
    pub(crate) fn or_make<I: IntoIterator<Item = T>>(&self, make: impl FnOnce() -> I) -> &[T] {
        self.0.get_or_init(|| make().into_iter().collect())
    }

    /// The items of a list made by [`Items::of`].
    pub(crate) fn all(&self) -> &[T] {
        self.0.get().map_or(&[], |items| items)
    }
}

impl<T> Default for Items<T> {
    fn default() -> Self {
        Self(OnceLock::new())
    }
}

/// The text with a NUL at its end; a NUL inside becomes U+FFFD.
pub(crate) fn to_c(text: &str) -> CString {
    CString::new(text).unwrap_or_else(|_| CString::new(text.replace('\0', "\u{fffd}")).unwrap_or_default())
}

/// The name at `index`; NULL past the end.
pub(crate) fn name(names: &[&'static CStr], index: u32) -> *const c_char {
    usize::try_from(index).ok().and_then(|index| names.get(index)).map_or(null(), |name| name.as_ptr())
}

/// As many bytes of `text` as `buffer` takes, and a NUL; gives the length of the whole text.
pub(crate) fn copy(text: &str, buffer: &mut [u8]) -> usize {
    if let Some(room) = buffer.len().checked_sub(1) {
        let mut fits = text.len().min(room);
        while !text.is_char_boundary(fits) {
            fits -= 1;
        }
        buffer[..fits].copy_from_slice(&text.as_bytes()[..fits]);
        buffer[fits] = 0;
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_made_once_and_stays_where_it_is() {
        let texts = Texts::default();
        let first = texts.give("IMG_1.JPG");
        for number in 0..1000 {
            texts.give(&number.to_string());
        }
        assert_eq!(texts.give("IMG_1.JPG"), first);
        // SAFETY: `texts` still lives.
        assert_eq!(unsafe { CStr::from_ptr(first) }, c"IMG_1.JPG");
    }

    #[test]
    fn a_nul_inside_a_text_does_not_cut_it() {
        assert_eq!(to_c("a\0b").to_str(), Ok("a\u{fffd}b"));
    }

    #[test]
    fn a_text_longer_than_its_buffer_is_cut_at_a_character() {
        let mut buffer = [9; 4];
        assert_eq!(copy("aé€", &mut buffer), 6);
        assert_eq!(buffer, *b"a\xc3\xa9\0");
        let mut buffer = [9; 5];
        assert_eq!(copy("aé€", &mut buffer), 6);
        assert_eq!(buffer[..4], *b"a\xc3\xa9\0");
        assert_eq!(copy("a", &mut []), 1);
    }
}
