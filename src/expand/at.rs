use std::fmt;

use crate::diagnostic::pointer;

/// Where a value stands in the outermost template: a JSON pointer, which is written out only when something is
/// reported there.
#[derive(Debug, Clone, Copy)]
pub(super) enum At<'a> {
    Pointer(&'a str),
    Key(&'a At<'a>, &'a str),
    Item(&'a At<'a>, usize),
}

impl At<'_> {
    pub(super) fn key<'b>(&'b self, key: &'b str) -> At<'b> {
        At::Key(self, key)
    }

    pub(super) fn item(&self, index: usize) -> At<'_> {
        At::Item(self, index)
    }
}

impl fmt::Display for At<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Pointer(pointer) => out.write_str(pointer),
            Self::Key(above, key) => write!(out, "{above}/{}", pointer::escape(key)),
            Self::Item(above, index) => write!(out, "{above}/{index}"),
        }
    }
}
