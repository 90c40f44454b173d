//! Which findings say nothing when a part of the config could not be read: a mistake is told once, not with all
//! that seems to follow from it.

use crate::diagnostic::code_class;

/// Whether a finding at a pointer may be there only because of what was omitted.
pub(super) fn decides(omitted: &str, code: &str, pointer: &str) -> bool {
    if within(pointer, omitted) {
        return true;
    }
    let class = code_class(code);
    if class.is_of_a_value {
        return false;
    }
    let beside = match pointer.rsplit_once('/') {
        // What the whole config lacks may be a key of it.
        None => !omitted.get(1..).is_some_and(|key| key.contains('/')),
        // A list's items and the config's sections stand alone; other values are judged with those beside.
        Some((parent, key)) if !parent.is_empty() && key.parse::<usize>().is_err() => {
            within(omitted, parent)
        }
        Some(_) => within(omitted, pointer),
    };
    beside || class.depends().any(|other| within(omitted, other) || within(other, omitted))
}

fn within(pointer: &str, outer: &str) -> bool {
    pointer.strip_prefix(outer).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}
