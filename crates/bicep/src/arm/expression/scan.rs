//! Reads the texts inside an expression, for those who only want a name out of it.

use super::{Expression, TemplateString, read_template_string};

/// Whether a string of a template is an expression: `[...]`, but not `[[...`, which is how a template
/// writes a literal text that starts with a bracket.
pub fn is_expression(text: &str) -> bool {
    matches!(read_template_string(text), TemplateString::Expression(_))
}

impl Expression {
    /// The texts in it, in order.
    pub fn texts(&self) -> Vec<&str> {
        let mut found = Vec::new();
        self.collect_texts(&mut found);
        found
    }

    fn collect_texts<'e>(&'e self, found: &mut Vec<&'e str>) {
        match self {
            Self::String(text) => found.push(text),
            Self::Integer(_) => {}
            Self::Call { arguments, .. } => {
                for argument in arguments {
                    argument.collect_texts(found);
                }
            }
            Self::Property { base, .. } => base.collect_texts(found),
            Self::Index { base, index } => {
                base.collect_texts(found);
                index.collect_texts(found);
            }
        }
    }

    /// The last text among the first arguments of the first `resourceId(...)`: the name of the resource that the
    /// expression stands for.
    pub fn called_resource(&self) -> Option<&str> {
        match self {
            Self::String(_) | Self::Integer(_) => None,
            Self::Call { name, arguments } if name == "resourceId" => {
                let mut last = None;
                let _ = arguments.iter().any(|argument| argument.ends_texts(&mut last));
                last
            }
            Self::Call { arguments, .. } => arguments.iter().find_map(Self::called_resource),
            Self::Property { base, .. } => base.called_resource(),
            Self::Index { base, index } => {
                base.called_resource().or_else(|| index.called_resource())
            }
        }
    }

    /// Keeps the last text up to the end of the first call, and tells whether there was one.
    fn ends_texts<'e>(&'e self, last: &mut Option<&'e str>) -> bool {
        match self {
            Self::String(text) => {
                *last = Some(text);
                false
            }
            Self::Integer(_) => false,
            Self::Call { arguments, .. } => {
                let _ = arguments.iter().any(|argument| argument.ends_texts(last));
                true
            }
            Self::Property { base, .. } => base.ends_texts(last),
            Self::Index { base, index } => base.ends_texts(last) || index.ends_texts(last),
        }
    }
}

/// A loop's item by symbolic name, `pools[2]`, as its name and its index.
pub fn symbolic_item(name: &str) -> (&str, Option<i64>) {
    let split = name.strip_suffix(']').and_then(|rest| rest.rsplit_once('['));
    match split.and_then(|(base, index)| Some((base, index.parse().ok()?))) {
        Some((base, index)) => (base, Some(index)),
        None => (name, None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::arm::expression::parse;

    #[test]
    fn texts_come_in_order() {
        let expression = parse("concat('a/b', parameters('it''s'))[variables('x').y]").unwrap();
        assert_eq!(expression.texts(), ["a/b", "it's", "x"]);
    }

    #[test]
    fn a_resource_is_named_by_its_last_text() {
        let called = |text: &str| parse(text).unwrap().called_resource().map(str::to_owned);
        let id = "reference(resourceId('Microsoft.X/y', 'group', 'one'), '2023-01-01').id";
        assert_eq!(called(id).as_deref(), Some("one"));
        let computed = "resourceId('Microsoft.X/y', format('{0}', 'two'), 'three')";
        assert_eq!(called(computed).as_deref(), Some("two"));
        assert_eq!(called("subscription().id"), None);
    }

    #[test]
    fn an_item_has_an_index() {
        assert_eq!(symbolic_item("pools[2]"), ("pools", Some(2)));
        assert_eq!(symbolic_item("pools"), ("pools", None));
    }
}
