use std::borrow::Cow;

use serde_json::{Number, Value};

use crate::arm::evaluate::{Evaluated, Properties};
use crate::arm::expression::write_template_string;

/// A value that is held against a schema: JSON, or what a resource holds, as its template would write it.
pub(super) trait Judged {
    /// What it holds.
    type Part: Judged<Part = Self::Part>;

    /// What it is.
    fn seen(&self) -> Seen<'_>;
    /// The elements of an array.
    fn items(&self) -> &[Self::Part];
    /// The members of an object. What a template takes for absent is none.
    fn members(&self) -> impl Iterator<Item = (&str, &Self::Part)>;
    /// One member.
    fn member(&self, name: &str) -> Option<&Self::Part>;
}

/// What a value is.
pub(super) enum Seen<'a> {
    Null,
    Bool(bool),
    Number(Number),
    Text(&'a str),
    /// Only Azure knows it.
    Expression,
    Array,
    Object,
    /// A text that its template writes differently.
    Escaped,
}

impl Judged for Value {
    type Part = Self;

    fn seen(&self) -> Seen<'_> {
        match self {
            Self::Null => Seen::Null,
            Self::Bool(truth) => Seen::Bool(*truth),
            Self::Number(number) => Seen::Number(number.clone()),
            Self::String(text) => Seen::Text(text),
            Self::Array(_) => Seen::Array,
            Self::Object(_) => Seen::Object,
        }
    }

    fn items(&self) -> &[Self] {
        self.as_array().map_or(&[], Vec::as_slice)
    }

    fn members(&self) -> impl Iterator<Item = (&str, &Self)> {
        self.as_object().into_iter().flatten().map(|(name, value)| (name.as_str(), value))
    }

    fn member(&self, name: &str) -> Option<&Self> {
        self.get(name)
    }
}

impl Judged for Evaluated {
    type Part = Self;

    fn seen(&self) -> Seen<'_> {
        match self {
            Self::Null => Seen::Null,
            Self::Bool(truth) => Seen::Bool(*truth),
            Self::Integer(number) => Seen::Number(Number::from(*number)),
            Self::Number(number) => Seen::Number(number.clone()),
            Self::String(text) => match write_template_string(text) {
                Cow::Borrowed(text) => Seen::Text(text),
                Cow::Owned(_) => Seen::Escaped,
            },
            Self::Array(_) => Seen::Array,
            Self::Object(_) => Seen::Object,
            Self::Symbolic(_) => Seen::Expression,
        }
    }

    fn items(&self) -> &[Self] {
        self.as_array().map_or(&[], Vec::as_slice)
    }

    fn members(&self) -> impl Iterator<Item = (&str, &Self)> {
        self.as_object().into_iter().flat_map(present)
    }

    fn member(&self, name: &str) -> Option<&Self> {
        self.as_object()?.get(name).filter(|value| !value.is_null())
    }
}

/// The members of a resource that a template does not take for absent.
fn present(members: &Properties) -> impl Iterator<Item = (&str, &Evaluated)> {
    let members = members.iter().filter(|(_, value)| !value.is_null());
    members.map(|(name, value)| (name.as_str(), value))
}

/// A resource: its body, and its own name, whose form a schema knows too.
pub(super) struct Whole<'a> {
    pub(super) body: &'a Properties,
    pub(super) name: &'a Evaluated,
}

/// The member of a resource that is not part of its body.
const NAME: &str = "name";

impl Judged for Whole<'_> {
    type Part = Evaluated;

    fn seen(&self) -> Seen<'_> {
        Seen::Object
    }

    fn items(&self) -> &[Evaluated] {
        &[]
    }

    fn members(&self) -> impl Iterator<Item = (&str, &Evaluated)> {
        present(self.body).chain([(NAME, self.name)])
    }

    fn member(&self, name: &str) -> Option<&Evaluated> {
        match name {
            NAME => Some(self.name),
            name => self.body.get(name).filter(|value| !value.is_null()),
        }
    }
}

/// The name of a member, which some schemas judge too.
pub(super) struct Name<'a>(pub(super) &'a str);

impl Judged for Name<'_> {
    type Part = Value;

    fn seen(&self) -> Seen<'_> {
        Seen::Text(self.0)
    }

    fn items(&self) -> &[Value] {
        &[]
    }

    fn members(&self) -> impl Iterator<Item = (&str, &Value)> {
        std::iter::empty()
    }

    fn member(&self, _: &str) -> Option<&Value> {
        None
    }
}
