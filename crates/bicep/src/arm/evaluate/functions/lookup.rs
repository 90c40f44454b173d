//! Lookups that do not compare each value with each other, so that the work grows with the input alone.

use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use foldhash::{HashMap, HashMapExt};

use super::super::value::Properties;
use super::Evaluated;

/// A set of values.
#[derive(Default)]
pub(super) struct Distinct<'v> {
    by_hash: HashMap<u64, Vec<&'v Evaluated>>,
}

impl<'v> Distinct<'v> {
    pub fn of(values: &'v [Evaluated]) -> Self {
        let mut set = Self::default();
        for value in values {
            set.insert(value);
        }
        set
    }

    /// Adds a value; says whether it is new.
    pub fn insert(&mut self, value: &'v Evaluated) -> bool {
        let equal = self.by_hash.entry(hash(value)).or_default();
        let is_new = !equal.contains(&value);
        if is_new {
            equal.push(value);
        }
        is_new
    }

    pub fn contains(&self, value: &Evaluated) -> bool {
        self.by_hash.get(&hash(value)).is_some_and(|equal| equal.contains(&value))
    }
}

fn hash(value: &Evaluated) -> u64 {
    let mut hasher = DefaultHasher::new();
    match value {
        Evaluated::Null => 0_u8.hash(&mut hasher),
        Evaluated::Bool(value) => value.hash(&mut hasher),
        Evaluated::Integer(number) => number.hash(&mut hasher),
        Evaluated::Number(number) => number.hash(&mut hasher),
        Evaluated::String(text) => text.hash(&mut hasher),
        Evaluated::Array(items) => {
            for item in items {
                hash(item).hash(&mut hasher);
            }
        }
        // Equal objects may differ in the order of their properties.
        Evaluated::Object(properties) => {
            let mut sum = 0_u64;
            for (key, value) in properties {
                let mut pair = DefaultHasher::new();
                key.hash(&mut pair);
                hash(value).hash(&mut pair);
                sum = sum.wrapping_add(pair.finish());
            }
            sum.hash(&mut hasher);
        }
        Evaluated::Symbolic(expression) => expression.to_template_string().hash(&mut hasher),
    }
    hasher.finish()
}

/// The names of an object, which ARM compares without regard to case.
pub(super) struct Names {
    places: HashMap<String, usize>,
}

impl Names {
    pub fn of(properties: &Properties) -> Self {
        let mut names = Self { places: HashMap::with_capacity(properties.len()) };
        for (place, name) in properties.keys().enumerate() {
            names.places.entry(name.to_ascii_lowercase()).or_insert(place);
        }
        names
    }

    /// Where the object has the name; its exact spelling goes first.
    pub fn place(&self, properties: &Properties, name: &str) -> Option<usize> {
        let exact = properties.get_index_of(name);
        exact.or_else(|| self.places.get(&name.to_ascii_lowercase()).copied())
    }

    /// The name stands last in the object now.
    pub fn added(&mut self, name: &str, place: usize) {
        self.places.entry(name.to_ascii_lowercase()).or_insert(place);
    }
}
