//! What only the replaced values used goes with them: a parameter that nothing reads misleads a reviewer.

use std::collections::BTreeSet;

use super::edit::Edits;
use super::with_program;
use crate::bicep::lexer::{self, Token, TokenKind};
use crate::bicep::syntax::{
    ExpressionSyntax, FileKind, IdentifierSyntax, ProgramSyntax, StatementSyntax, TypeSyntax,
};
use crate::diagnostic::Span;

/// A name with the properties that are asked of it: `pools.dev.vmSize`.
pub(super) type Chain = Vec<String>;

/// Each round removes what the one before set free.
const ROUNDS: usize = 4;

/// Takes out of a merged stage what only its former text used, and says which parts of its parameters that were.
pub(super) fn prune(before: &str, merged: String) -> (String, Vec<Chain>) {
    let used = chains(before);
    let (mut text, mut lost) = (merged, Vec::new());
    for _ in 0..ROUNDS {
        let now = chains(&text);
        let edits = with_program(&text, FileKind::Bicep, |program| {
            unused(program, &text, &used, &now, &mut lost)
        });
        let Some(edits) = edits.filter(|edits| !edits.is_empty()) else { break };
        text = edits.apply(&text);
    }
    (text, lost)
}

/// Takes the values of what a stage lost out of its parameters file.
pub(super) fn prune_parameters(text: &str, lost: &[Chain]) -> String {
    let pruned = with_program(text, FileKind::Parameters, |program| values_of(program, text, lost));
    pruned.map_or_else(|| text.to_owned(), |edits| edits.apply(text))
}

/// The edits that remove these values.
fn values_of(program: &ProgramSyntax<'_>, text: &str, lost: &[Chain]) -> Edits {
    let mut edits = Edits::default();
    for chain in lost {
        let assigned = program.statements.iter().find_map(|statement| match statement {
            StatementSyntax::ParameterAssignment(node) if node.name.name == chain[0] => Some(*node),
            _ => None,
        });
        let Some(node) = assigned else { continue };
        match &chain[1..] {
            [] => edits.remove(text, node.span),
            rest => {
                if let Some(span) = value_at(node.value, rest) {
                    edits.remove(text, span);
                }
            }
        }
    }
    edits
}

fn unused(
    program: &ProgramSyntax<'_>,
    text: &str,
    used: &BTreeSet<Chain>,
    now: &BTreeSet<Chain>,
    lost: &mut Vec<Chain>,
) -> Edits {
    let mut edits = Edits::default();
    let starts = |chains: &BTreeSet<Chain>, name: &str| chains.iter().any(|it| it[0] == name);
    for statement in program.statements {
        let (name, parameter) = match statement {
            StatementSyntax::Parameter(node) => (node.name, Some(node)),
            StatementSyntax::Variable(node) => (node.name, None),
            StatementSyntax::Resource(node) if node.existing.is_some() => (node.name, None),
            _ => continue,
        };
        let IdentifierSyntax { name, .. } = name;
        if starts(used, name) && !starts(now, name) {
            edits.remove(text, statement.span());
            if parameter.is_some() {
                lost.push(vec![name.to_owned()]);
            }
            continue;
        }
        let Some(parameter) = parameter else { continue };
        let own = used.iter().filter(|chain| chain[0] == name && chain.len() > 1);
        for chain in own.filter(|chain| !is_covered(chain, now)) {
            if lost.contains(chain) {
                continue;
            }
            if let Some(span) = member(parameter.r#type, &chain[1..]) {
                edits.remove(text, span);
                lost.push(chain.clone());
            }
        }
    }
    edits
}

/// Whether a part of a value, or what holds it, is still asked for.
fn is_covered(chain: &[String], now: &BTreeSet<Chain>) -> bool {
    now.iter().any(|used| used.starts_with(chain) || chain.starts_with(used))
}

/// The member of an object type at the end of a way.
fn member(r#type: TypeSyntax<'_>, way: &[String]) -> Option<Span> {
    let (name, rest) = way.split_first()?;
    let TypeSyntax::Object(object) = r#type else { return None };
    let property = object.properties().find(|it| it.name() == Some(name))?;
    if rest.is_empty() { Some(property.span) } else { member(property.value, rest) }
}

fn value_at(value: ExpressionSyntax<'_>, way: &[String]) -> Option<Span> {
    let (name, rest) = way.split_first()?;
    let ExpressionSyntax::Object(object) = value else { return None };
    let property = object.property(name)?;
    if rest.is_empty() { Some(property.span) } else { value_at(property.value, rest) }
}

/// Every name that a text uses. One too many keeps a declaration that could go, and does no harm.
fn chains(text: &str) -> BTreeSet<Chain> {
    let tokens = lexer::lex(text).tokens;
    let kind = |index: usize| tokens.get(index).map_or(TokenKind::EndOfFile, |token| token.kind);
    let word = |token: &Token| text[token.span.range()].to_owned();
    let mut found = BTreeSet::new();
    let mut index = 0;
    while index < tokens.len() {
        let start = index;
        index += 1;
        if kind(start) != TokenKind::Identifier {
            continue;
        }
        let before = start.checked_sub(1).map_or(TokenKind::NewLine, kind);
        let opens = matches!(before, TokenKind::NewLine | TokenKind::LeftBrace | TokenKind::Comma);
        let is_key = opens && kind(start + 1) == TokenKind::Colon;
        // `param name`: the word before says what is declared.
        let is_declared = before == TokenKind::Identifier;
        if is_key || is_declared || before == TokenKind::Dot {
            continue;
        }
        let mut chain = vec![word(&tokens[start])];
        while kind(index) == TokenKind::Dot && kind(index + 1) == TokenKind::Identifier {
            chain.push(word(&tokens[index + 1]));
            index += 2;
        }
        found.insert(chain);
    }
    found
}
