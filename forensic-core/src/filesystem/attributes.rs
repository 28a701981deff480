//! Further attributes of an entry by name: a small sorted list, as an entry has few and a listing has many entries.

use super::model::Value;
use std::{borrow::Cow, ops::Index};

/// The name of an attribute.
type Key = Cow<'static, str>;

/// Room for the filesystem's own attributes of most entries, made at once.
const ROOM: usize = 8;

/// Further attributes by name, in order of name.
///
/// ```
/// use forensic_core::filesystem::{Attributes, Value};
///
/// let attributes = Attributes::from([("mode".into(), Value::Int(0o755)), ("links".into(), Value::Int(1))]);
/// assert_eq!(attributes["mode"], Value::Int(0o755));
/// assert_eq!(attributes.keys().next().unwrap(), "links");
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Attributes {
    /// In order of name, each once.
    list: Vec<(Key, Value)>,
}

impl Attributes {
    /// None.
    pub const fn new() -> Self {
        Self { list: Vec::new() }
    }

    /// Number of attributes.
    pub fn len(&self) -> usize {
        self.list.len()
    }

    /// True where there is none.
    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// The value of the attribute with this name.
    pub fn get(&self, name: &str) -> Option<&Value> {
        let place = self.place(name).ok()?;
        self.list.get(place).map(|(_, value)| value)
    }

    /// True where there is an attribute with this name.
    pub fn contains_key(&self, name: &str) -> bool {
        self.place(name).is_ok()
    }

    /// Sets the value of an attribute; gives the one it had.
    pub fn insert(&mut self, name: Key, value: Value) -> Option<Value> {
        // Most come in order.
        match self.list.last() {
            Some((last, _)) if !is_before(last, &name) => return self.insert_between(name, value),
            Some(_) => {}
            None => self.list.reserve(ROOM),
        }
        self.list.push((name, value));
        None
    }

    /// Sets the values of several attributes, given in order of name.
    pub(crate) fn insert_in_order<const N: usize>(&mut self, attributes: [(Key, Value); N]) {
        let first = attributes.first().map_or("", |(name, _)| name);
        if self.list.last().is_some_and(|(last, _)| !is_before(last, first)) {
            return self.extend(attributes);
        }
        if self.list.capacity() == 0 {
            self.list.reserve(ROOM);
        }
        self.list.extend(attributes);
    }

    fn insert_between(&mut self, name: Key, value: Value) -> Option<Value> {
        match self.place(&name) {
            Ok(place) => self.list.get_mut(place).map(|(_, old)| std::mem::replace(old, value)),
            Err(place) => {
                self.list.insert(place, (name, value));
                None
            }
        }
    }

    /// Takes an attribute away; gives the value it had.
    pub fn remove(&mut self, name: &str) -> Option<Value> {
        let place = self.place(name).ok()?;
        Some(self.list.remove(place).1)
    }

    /// The attributes in order of name.
    pub fn iter(&self) -> Iter<'_> {
        self.list.iter().map(pair)
    }

    /// The names in order.
    pub fn keys(&self) -> impl ExactSizeIterator<Item = &Key> {
        self.list.iter().map(|(name, _)| name)
    }

    /// The values in order of name.
    pub fn values(&self) -> impl ExactSizeIterator<Item = &Value> {
        self.list.iter().map(|(_, value)| value)
    }

    /// Where a name stands, or belongs.
    fn place(&self, name: &str) -> Result<usize, usize> {
        self.list.binary_search_by(|(known, _)| (**known).cmp(name))
    }
}

/// The order of two names: mostly the first byte tells, and costs less than to call what compares texts.
fn is_before(a: &str, b: &str) -> bool {
    match (a.as_bytes().first(), b.as_bytes().first()) {
        (first, second) if first != second => first < second,
        _ => a < b,
    }
}

/// Iterates over attributes in order of name.
type Iter<'a> = std::iter::Map<std::slice::Iter<'a, (Key, Value)>, fn(&'a (Key, Value)) -> (&'a Key, &'a Value)>;

fn pair((name, value): &(Key, Value)) -> (&Key, &Value) {
    (name, value)
}

impl<'a> IntoIterator for &'a Attributes {
    type Item = (&'a Key, &'a Value);
    type IntoIter = Iter<'a>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl IntoIterator for Attributes {
    type Item = (Key, Value);
    type IntoIter = std::vec::IntoIter<(Key, Value)>;

    fn into_iter(self) -> Self::IntoIter {
        self.list.into_iter()
    }
}

impl Extend<(Key, Value)> for Attributes {
    fn extend<T: IntoIterator<Item = (Key, Value)>>(&mut self, attributes: T) {
        attributes.into_iter().for_each(|(name, value)| {
            self.insert(name, value);
        });
    }
}

impl FromIterator<(Key, Value)> for Attributes {
    fn from_iter<T: IntoIterator<Item = (Key, Value)>>(attributes: T) -> Self {
        let mut all = Self::new();
        all.extend(attributes);
        all
    }
}

impl<const N: usize> From<[(Key, Value); N]> for Attributes {
    fn from(attributes: [(Key, Value); N]) -> Self {
        attributes.into_iter().collect()
    }
}

impl Index<&str> for Attributes {
    type Output = Value;

    /// # Panics
    /// Where there is no attribute of this name, as for any map.
    #[allow(clippy::expect_used)]
    fn index(&self, name: &str) -> &Value {
        self.get(name).expect("an attribute of this name")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeMap;

    proptest! {
        #[test]
        fn attributes_given_in_order_are_kept_as_a_map_keeps_them(before in prop::collection::btree_map("[a-d]{1,2}", 0i64..9, 0..6)) {
            let before = || before.iter().map(|(name, number)| (Cow::from(name.clone()), Value::Int(*number)));
            let (mut ours, mut map): (Attributes, BTreeMap<_, _>) = (before().collect(), before().collect());
            let further = || ["b", "ba", "c"].map(|name| (Cow::from(name), Value::Bool(true)));
            ours.insert_in_order(further());
            map.extend(further());
            prop_assert!(ours.iter().eq(map.iter()));
        }

        #[test]
        fn attributes_are_kept_as_a_map_keeps_them(steps in prop::collection::vec(("[a-d]{1,2}", 0i64..9, any::<bool>()), 0..60)) {
            let (mut ours, mut map) = (Attributes::new(), BTreeMap::new());
            for (name, number, add) in steps {
                match add {
                    true => prop_assert_eq!(
                        ours.insert(name.clone().into(), Value::Int(number)),
                        map.insert(Cow::from(name), Value::Int(number))
                    ),
                    false => prop_assert_eq!(ours.remove(&name), map.remove(name.as_str())),
                }
                prop_assert!(ours.iter().eq(map.iter()));
            }
            for (name, value) in &map {
                prop_assert_eq!(&ours[name], value);
            }
        }
    }
}
