use std::borrow::Cow;

use memchr::memchr;
use smallvec::SmallVec;

use crate::arm::evaluate::Evaluated;
use crate::diagnostic::pointer;
use crate::expand::{Context, Resource, resource_id_of};

/// A value of a resource and where it stands. A property that is not there is a node too: without value,
/// standing at the nearest one that exists, which is where a finding about it points.
#[derive(Debug, Clone)]
pub(super) struct Node<'a> {
    resource: &'a Resource,
    steps: Steps<'a>,
    held: Held<'a>,
}

#[derive(Debug, Clone, Copy)]
enum Held<'a> {
    Body,
    Value(&'a Evaluated),
    Missing,
}

/// The way from a resource to a node. Rules ask for thousands of nodes, nearly all of them near.
type Steps<'a> = SmallVec<[Step<'a>; 6]>;

#[derive(Debug, Clone, Copy)]
enum Step<'a> {
    Key(&'a str),
    Item(usize),
}

/// The way as a JSON pointer.
fn pointer_of(steps: &[Step<'_>]) -> String {
    let mut pointer = String::new();
    for step in steps {
        pointer.push('/');
        match step {
            Step::Key(key) => pointer.push_str(&pointer::escape(key)),
            Step::Item(index) => pointer.push_str(&index.to_string()),
        }
    }
    pointer
}

impl<'a> Node<'a> {
    pub(super) fn new(resource: &'a Resource) -> Self {
        Self { resource, steps: Steps::new(), held: Held::Body }
    }

    pub(super) fn resource(&self) -> &'a Resource {
        self.resource
    }

    /// Its place in the stage's template.
    pub(super) fn pointer(&self) -> String {
        format!("{}{}", self.resource.pointer, pointer_of(&self.steps))
    }

    /// Its place in the resource.
    pub(super) fn path(&self) -> String {
        pointer_of(&self.steps)
    }

    pub(super) fn value(&self) -> Option<&'a Evaluated> {
        match self.held {
            Held::Value(value) => Some(value),
            Held::Body | Held::Missing => None,
        }
    }

    /// Follows property names, without regard to case as ARM does: `properties/scaleSettings`.
    pub(super) fn at(&self, path: &str) -> Self {
        let (mut node, mut rest) = (self.clone(), path);
        while let Some(end) = memchr(b'/', rest.as_bytes()) {
            node = node.property(&rest[..end]);
            rest = &rest[end + 1..];
        }
        node.property(rest)
    }

    fn property(mut self, key: &str) -> Self {
        let members = match self.held {
            Held::Body => Some(&self.resource.body),
            Held::Value(value) => value.as_object(),
            Held::Missing => None,
        };
        let found = members.and_then(|members| {
            members
                .get_key_value(key)
                .or_else(|| members.iter().find(|(name, _)| name.eq_ignore_ascii_case(key)))
        });
        if let Some((name, value)) = found {
            self.step(Step::Key(name), value)
        } else {
            self.held = Held::Missing;
            self
        }
    }

    fn step(mut self, step: Step<'a>, value: &'a Evaluated) -> Self {
        self.steps.push(step);
        self.held = Held::Value(value);
        self
    }

    /// Whether there is a value other than null.
    pub(super) fn exists(&self) -> bool {
        match self.held {
            Held::Body => true,
            Held::Value(value) => !value.is_null(),
            Held::Missing => false,
        }
    }

    /// The text, unless it is symbolic.
    pub(super) fn text(&self) -> Option<&'a str> {
        self.value().and_then(Evaluated::as_str)
    }

    /// The resource ID that the value is, with placeholders for what only Azure knows.
    pub(super) fn id(&self) -> Option<String> {
        self.value().and_then(|value| resource_id_of(value, &Context::default()))
    }

    /// The text as a template writes it, symbolic or not.
    pub(super) fn written(&self) -> Option<Cow<'a, str>> {
        self.value().and_then(Evaluated::written)
    }

    /// Whether only Azure knows the value.
    pub(super) fn is_symbolic(&self) -> bool {
        self.value().is_some_and(Evaluated::is_symbolic)
    }

    /// Whether the text is this one, whatever its case.
    pub(super) fn is(&self, expected: &str) -> bool {
        self.text().is_some_and(|text| text.eq_ignore_ascii_case(expected))
    }

    pub(super) fn number(&self) -> Option<i64> {
        self.value().and_then(Evaluated::as_i64)
    }

    pub(super) fn boolean(&self) -> Option<bool> {
        self.value().and_then(Evaluated::as_bool)
    }

    /// The elements of an array; none of anything else.
    pub(super) fn items(&self) -> Vec<Self> {
        let elements = self.value().and_then(Evaluated::as_array).map_or(&[][..], Vec::as_slice);
        elements
            .iter()
            .enumerate()
            .map(|(index, value)| self.clone().step(Step::Item(index), value))
            .collect()
    }

    /// The members of an object; none of anything else.
    pub(super) fn members(&self) -> Vec<(&'a str, Self)> {
        let members = match self.held {
            Held::Body => Some(&self.resource.body),
            Held::Value(value) => value.as_object(),
            Held::Missing => None,
        };
        members
            .into_iter()
            .flatten()
            .map(|(name, value)| (name.as_str(), self.clone().step(Step::Key(name), value)))
            .collect()
    }
}

/// The resource ID that a key of an object is or that its expression makes.
pub(super) fn id_of(key: &str) -> Option<String> {
    resource_id_of(&Evaluated::from_template_string(key), &Context::default())
}

/// Whether two resource IDs name one resource. Where a part is only known to Azure, what follows the
/// provider decides.
pub(super) fn same_id(left: &str, right: &str) -> bool {
    if left.eq_ignore_ascii_case(right) {
        return true;
    }
    let symbolic = |id: &str| id.contains('{');
    let tail = |id: &str| {
        id.to_ascii_lowercase().rsplit_once("/providers/").map(|(_, tail)| tail.to_owned())
    };
    (symbolic(left) || symbolic(right)) && tail(left).is_some() && tail(left) == tail(right)
}

/// The last part of an ID or of a path.
pub(super) fn last_segment(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

/// The last part of the name of a resource; of a symbolic name, that of its last text.
pub(super) fn name_of(resource: &Resource) -> Cow<'_, str> {
    match resource.typed_name() {
        Evaluated::Symbolic(name) => {
            let text = name.texts().pop().unwrap_or(&resource.name);
            last_segment(text).to_owned().into()
        }
        _ => last_segment(&resource.name).into(),
    }
}
