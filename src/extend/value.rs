//! What a config says as Bicep: literals, and expressions in their one explicit form, `$bicep`.

use serde_json::{Map, Value};

use super::ConfigFindings;
use crate::bicep::lexer::{self, TokenKind};
use crate::bicep::parser;
use crate::bicep::syntax::{
    Arena, ArrayItemSyntax, ExpressionSyntax, FileKind, ObjectSyntax, StatementSyntax,
    UnaryOperator,
};
use crate::diagnostic::{Diagnostic, Diagnostics, FileId, nearest, pointer};
use crate::render::quote;

/// The key that holds an expression.
pub(super) const EXPRESSION: &str = "$bicep";
/// The key that holds the items to add to a list.
pub(super) const APPEND: &str = "$append";

/// What the keys of a mapping make of it.
pub(super) enum Form<'v> {
    /// An expression, as the config writes it.
    Expression(&'v str),
    /// Properties, or items of a list by name, with items to append.
    Members(Option<&'v Vec<Value>>),
    /// A mistake, which has been reported.
    Wrong,
}

/// Reads the keys that start with `$`.
pub(super) fn form<'v>(
    map: &'v Map<String, Value>,
    pointer: &str,
    told: &mut ConfigFindings<'_>,
) -> Form<'v> {
    let mut append = None;
    for (key, value) in map.iter().filter(|(key, _)| key.starts_with('$')) {
        let at = format!("{pointer}/{}", pointer::escape(key));
        match (key.as_str(), value) {
            (EXPRESSION, Value::String(text)) if map.len() == 1 => return Form::Expression(text),
            (EXPRESSION, Value::String(_)) => {
                let finding = Diagnostic::error(
                    "PB1405",
                    "`$bicep` cannot be combined with other keys",
                )
                .reason("the expression is the whole value, so other keys cannot be merged into it")
                .help("move the other keys into the expression, or remove the expression");
                told.at_key(finding, &at, "is next to other keys");
                return Form::Wrong;
            }
            (EXPRESSION, _) => {
                let finding = Diagnostic::error("PB1405", "`$bicep` expects a string")
                    .help("write the expression in quotes, such as `{ $bicep: \"account.id\" }`");
                told.at_value(finding, &at, "this is not a string");
                return Form::Wrong;
            }
            (APPEND, Value::Array(items)) => append = Some(items),
            (APPEND, _) => {
                let finding = Diagnostic::error("PB1405", "`$append` expects a list")
                    .help("write `$append: [ ... ]` with the items to add");
                told.at_value(finding, &at, "this is not a list");
                return Form::Wrong;
            }
            (other, _) => {
                let help = match nearest(other, [EXPRESSION, APPEND]) {
                    Some(near) => format!("did you mean `{near}`?"),
                    None => "use `$bicep` for an expression or `$append` for a list; to set an object with such a \
                             key, write it as an expression".to_owned(),
                };
                let finding = Diagnostic::error("PB1405", format!("unknown key `{other}`"))
                    .reason("keys that start with `$` define how a patch is merged")
                    .help(help);
                told.at_key(finding, &at, "neither `$bicep` nor `$append`");
                return Form::Wrong;
            }
        }
    }
    Form::Members(append)
}

/// A value of the config as Bicep. Nothing if a mistake in it was reported.
pub(super) fn print(value: &Value, pointer: &str, told: &mut ConfigFindings<'_>) -> Option<String> {
    match value {
        Value::Object(map) => match form(map, pointer, told) {
            Form::Wrong => None,
            Form::Expression(text) => expression(text, &format!("{pointer}/{EXPRESSION}"), told),
            Form::Members(None) => object(map, pointer, told),
            Form::Members(Some(items)) if map.len() == 1 => {
                list(items, &format!("{pointer}/{APPEND}"), told)
            }
            Form::Members(Some(_)) => {
                let finding = Diagnostic::error("PB1404", "the stage has no list with these items")
                    .reason("the stage has nothing here that the patch can be merged into")
                    .help("put every item into `$append`");
                told.at_key(finding, pointer, "the list is new");
                None
            }
        },
        Value::Array(items) => list(items, pointer, told),
        literal => Some(quote::bicep(literal, 0)),
    }
}

fn object(
    map: &Map<String, Value>,
    pointer: &str,
    told: &mut ConfigFindings<'_>,
) -> Option<String> {
    let mut out = String::from("{\n");
    let mut complete = true;
    // RFC 7396: what is removed from nothing is not there.
    for (key, value) in map.iter().filter(|(_, value)| !value.is_null()) {
        match print(value, &format!("{pointer}/{}", pointer::escape(key)), told) {
            Some(value) => {
                out.push_str(&property(key, &value));
                out.push('\n');
            }
            None => complete = false,
        }
    }
    out.push('}');
    let is_empty = out.len() == "{\n}".len();
    complete.then_some(if is_empty { "{}".to_owned() } else { out })
}

/// `key: value`, with the key quoted where it is no name.
pub(super) fn property(key: &str, value: &str) -> String {
    format!("{}: {value}", quote::bicep_key(key))
}

fn list(items: &[Value], pointer: &str, told: &mut ConfigFindings<'_>) -> Option<String> {
    if items.is_empty() {
        return Some("[]".to_owned());
    }
    let mut out = String::from("[\n");
    let mut complete = true;
    for (index, item) in items.iter().enumerate() {
        match print(item, &format!("{pointer}/{index}"), told) {
            Some(item) => {
                out.push_str(&item);
                out.push('\n');
            }
            None => complete = false,
        }
    }
    out.push(']');
    complete.then_some(out)
}

/// The text of an expression, if it is one Bicep expression and nothing else.
pub(super) fn expression(
    text: &str,
    pointer: &str,
    told: &mut ConfigFindings<'_>,
) -> Option<String> {
    match single_expression(text) {
        Ok(()) => Some(text.trim().to_owned()),
        Err(label) => {
            let finding = Diagnostic::error("PB1406", "not one Bicep expression")
                .reason("`$bicep` expects one expression without comments, such as `account.id`")
                .help("correct the expression, or move statements to a file under `add`");
            told.at_value(finding, pointer, label);
            None
        }
    }
}

const PREFIX: &str = "var expression = ";

/// Why a text is not one expression.
fn single_expression(text: &str) -> Result<(), String> {
    let other = |label: &str| Err(label.to_owned());
    let trimmed = text.trim();
    if trimmed.is_empty() {
        return other("is empty");
    }
    let whole = format!("{PREFIX}{trimmed}\n");
    let lexed = lexer::lex(&whole);
    if !lexed.directives.is_empty() || lexed.tokens.iter().any(|token| token.after_comment) {
        return other("contains a comment");
    }
    let arena = Arena::new();
    let mut problems = Diagnostics::new();
    let program = parser::parse(&arena, &whole, FileKind::Bicep, FileId(0), &mut problems);
    if let Some(problem) = problems.iter().next() {
        let label = if problem.label.is_empty() { &problem.title } else { &problem.label };
        return Err(format!("{}: {label}", problem.title));
    }
    match program.statements {
        [StatementSyntax::Variable(node)]
            if node.value.span().range() == (PREFIX.len()..whole.len() - 1) =>
        {
            Ok(())
        }
        _ => other("text after the expression"),
    }
}

/// Whether an expression of the rendered Bicep is what the config says.
pub(super) fn same(expression: ExpressionSyntax<'_>, text: &str, value: &Value) -> bool {
    match (expression, value) {
        (_, Value::Object(map)) if map.len() == 1 && map.contains_key(EXPRESSION) => {
            let written = map[EXPRESSION].as_str().unwrap_or_default();
            same_tokens(&text[expression.span().range()], written)
        }
        (ExpressionSyntax::String(node), Value::String(value)) => node.literal() == Some(value),
        (ExpressionSyntax::Integer(node), Value::Number(number)) => {
            number.as_u64() == Some(node.value)
        }
        (ExpressionSyntax::Unary(node), Value::Number(number)) => match node.operand {
            ExpressionSyntax::Integer(digits) if node.operator == UnaryOperator::Minus => {
                number.as_i64().is_some_and(|it| it < 0 && it.unsigned_abs() == digits.value)
            }
            _ => false,
        },
        (ExpressionSyntax::Boolean(node), Value::Bool(flag)) => node.value == *flag,
        (ExpressionSyntax::Null(_), Value::Null) => true,
        (ExpressionSyntax::Array(node), Value::Array(items)) => {
            node.items.len() == items.len()
                && node.items.iter().zip(items).all(|(item, value)| match item {
                    ArrayItemSyntax::Value(item) => same(*item, text, value),
                    ArrayItemSyntax::Spread(_) => false,
                })
        }
        (ExpressionSyntax::Object(node), Value::Object(map)) => same_object(node, text, map),
        _ => false,
    }
}

fn same_object(node: &ObjectSyntax<'_>, text: &str, map: &Map<String, Value>) -> bool {
    let is_known = |key: &String, value: &Value| {
        node.property(key).is_some_and(|property| same(property.value, text, value))
    };
    node.items.len() == map.len() && map.iter().all(|(key, value)| is_known(key, value))
}

/// Whether two texts hold the same tokens, however they are laid out.
fn same_tokens(one: &str, other: &str) -> bool {
    tokens(one).eq(tokens(other))
}

fn tokens(text: &str) -> impl Iterator<Item = String> {
    let tokens = lexer::lex(text).tokens.into_iter().filter(|token| is_kept(token.kind));
    tokens.map(|token| text[token.span.range()].to_owned())
}

/// Whether a token stays whatever the layout is.
pub(super) fn is_kept(kind: TokenKind) -> bool {
    !matches!(kind, TokenKind::NewLine | TokenKind::Comma | TokenKind::EndOfFile)
}
