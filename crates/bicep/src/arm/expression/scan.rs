//! Reads the texts inside an expression without a tree, for those who only want a name out of it.

use super::lexer::{Token, lex};
use super::{TemplateString, read_template_string};

/// Whether a string of a template is an expression: `[...]`, but not `[[...`, which is how a template
/// writes a literal text that starts with a bracket.
pub fn is_expression(text: &str) -> bool {
    matches!(read_template_string(text), TemplateString::Expression(_))
}

/// The quoted texts of an expression, in order and as written. None for a literal.
pub fn quoted_texts(text: &str) -> Vec<&str> {
    let TemplateString::Expression(inner) = read_template_string(text) else { return Vec::new() };
    let tokens = lex(inner).unwrap_or_default();
    tokens.iter().filter_map(|(at, token)| quoted(inner, *at, token)).collect()
}

/// The last text among the first arguments of the first `resourceId(...)` of an expression: the name of
/// the resource that it stands for.
pub fn called_resource(text: &str) -> Option<&str> {
    let TemplateString::Expression(inner) = read_template_string(text) else { return None };
    let tokens = lex(inner).ok()?;
    let call = tokens.windows(2).position(|two| {
        matches!(&two[0].1, Token::Name(name) if name == "resourceId") && two[1].1 == Token::Open
    })?;
    let arguments = tokens[call..].iter().take_while(|(_, token)| *token != Token::Close);
    arguments.filter_map(|(at, token)| quoted(inner, *at, token)).last()
}

/// A loop's item by symbolic name, `pools[2]`, as its name and its index.
pub fn symbolic_item(name: &str) -> (&str, Option<i64>) {
    let split = name.strip_suffix(']').and_then(|rest| rest.rsplit_once('['));
    match split.and_then(|(base, index)| Some((base, index.parse().ok()?))) {
        Some((base, index)) => (base, Some(index)),
        None => (name, None),
    }
}

/// The text between the quotes of a token, without undoing doubled quotes.
fn quoted<'t>(inner: &'t str, at: usize, token: &Token) -> Option<&'t str> {
    let Token::String(text) = token else { return None };
    let length = text.len() + text.matches('\'').count();
    inner.get(at + 1..at + 1 + length)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_come_in_order() {
        assert_eq!(quoted_texts("[concat('a/b', parameters('it''s'))]"), ["a/b", "it''s"]);
        assert!(quoted_texts("concat('a')").is_empty());
    }

    #[test]
    fn a_resource_is_named_by_its_last_text() {
        let id = "[reference(resourceId('Microsoft.X/y', 'group', 'one'), '2023-01-01').id]";
        assert_eq!(called_resource(id), Some("one"));
        assert_eq!(called_resource("[subscription().id]"), None);
    }

    #[test]
    fn an_item_has_an_index() {
        assert_eq!(symbolic_item("pools[2]"), ("pools", Some(2)));
        assert_eq!(symbolic_item("pools"), ("pools", None));
    }
}
