//! What a Bicep file names of other files, and where these stand in a render.

use std::path::Path;

use crate::bicep::lexer::{self, Token, TokenKind};
use crate::bicep::parser;
use crate::bicep::syntax::{Arena, ExpressionSyntax, FileKind, StatementSyntax};
use crate::diagnostic::{Diagnostics, FileId, Span};
use crate::render::quote;

/// The functions that read a file.
const LOADS: [&str; 4] =
    ["loadTextContent", "loadFileAsBase64", "loadJsonContent", "loadYamlContent"];
/// The function that lists a folder.
const LISTS: &str = "loadDirectoryFileInfo";
/// Folder of a render for the files that added files refer to.
const FOLDER: &str = "added";
/// Folder in it that stands for a parent of the config's folder.
const PARENT: &str = "parent";

/// A local file that a Bicep file names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Reference {
    /// Its path, relative to the file that names it.
    pub path: String,
    /// Where that stands.
    pub span: Span,
    /// It is a module or an import; otherwise its content is a value.
    pub is_code: bool,
}

/// What a Bicep file names.
#[derive(Debug, Default)]
pub(crate) struct References {
    /// Local files.
    pub files: Vec<Reference>,
    /// What cannot become part of a render, and why.
    pub(super) refused: Vec<(Span, &'static str)>,
}

/// Finds the files that a Bicep file names. A text with errors names none.
pub(crate) fn references(text: &str) -> References {
    let mut found = References::default();
    let arena = Arena::new();
    let mut problems = Diagnostics::new();
    let program = parser::parse(&arena, text, FileKind::Bicep, FileId(0), &mut problems);
    if problems.has_errors() {
        return found;
    }
    for statement in program.statements {
        match statement {
            StatementSyntax::Module(node) => found.code(&node.path),
            StatementSyntax::Import(node) => found.code(&node.path),
            StatementSyntax::Test(node) => {
                found.refused.push((node.path.span(), "a test is not part of a deployment"));
            }
            _ => {}
        }
    }
    found.loads(text);
    found
}

impl References {
    /// The path of a module or of an import.
    fn code(&mut self, path: &ExpressionSyntax<'_>) {
        let Some(name) = path.literal() else { return };
        if ["br:", "br/", "ts:", "ts/"].iter().any(|scheme| name.starts_with(scheme)) {
            return;
        }
        let span = path.span();
        self.files.push(Reference { path: name.to_owned(), span, is_code: true });
    }

    /// The first arguments of functions that read files.
    fn loads(&mut self, text: &str) {
        let tokens = lexer::lex(text).tokens;
        let tokens: Vec<Token> =
            tokens.into_iter().filter(|token| token.kind != TokenKind::NewLine).collect();
        for (index, token) in tokens.iter().enumerate() {
            let name = &text[token.span.range()];
            let [_, open, path, ..] = tokens[index..] else { continue };
            if token.kind != TokenKind::Identifier || open.kind != TokenKind::LeftParen {
                continue;
            }
            if name == LISTS {
                self.refused.push((token.span, "the content of a folder can change"));
            } else if LOADS.contains(&name) {
                match plain(text, path) {
                    Some(name) => self.files.push(Reference {
                        path: name.to_owned(),
                        span: path.span,
                        is_code: false,
                    }),
                    None => self.refused.push((path.span, "the path is not a plain string")),
                }
            }
        }
    }
}

/// The text of a string without escapes.
fn plain(text: &str, token: Token) -> Option<&str> {
    let inner = text[token.span.range()].strip_prefix('\'')?.strip_suffix('\'')?;
    (token.kind == TokenKind::StringComplete && !inner.contains('\\')).then_some(inner)
}

/// Whether a file is Bicep, by its name.
pub(crate) fn is_bicep(path: &str) -> bool {
    Path::new(path).extension().is_some_and(|ending| ending == "bicep")
}

/// A path with its `.` and `..` followed.
pub(crate) fn follow(path: &str) -> String {
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." if parts.last().is_some_and(|last| *last != "..") => drop(parts.pop()),
            part => parts.push(part),
        }
    }
    let root = if path.starts_with('/') { "/" } else { "" };
    format!("{root}{}", parts.join("/"))
}

/// The path in a render of a file beside a config. Both are paths as [`follow`] gives them.
pub(crate) fn rendered_path(config_folder: &str, file: &str) -> String {
    let steps = relative(config_folder, file);
    let steps: Vec<&str> =
        steps.split('/').map(|step| if step == ".." { PARENT } else { step }).collect();
    format!("{FOLDER}/{}", steps.join("/"))
}

/// The way from a folder to a file.
fn relative(folder: &str, file: &str) -> String {
    let parts = |path: &'_ str| -> Vec<String> {
        path.split('/').filter(|part| !part.is_empty()).map(str::to_owned).collect()
    };
    let (folder, file) = (parts(folder), parts(file));
    let common = folder.iter().zip(&file).take_while(|(one, other)| one == other).count();
    let mut steps = vec!["..".to_owned(); folder.len() - common];
    steps.extend_from_slice(&file[common..]);
    steps.join("/")
}

/// A file that a Bicep file names, by its path in the render.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Link {
    /// Where the Bicep file names it.
    pub span: Span,
    /// Its path in the render.
    pub to: String,
}

/// The edits that let a Bicep file at a path of the render find what it names.
pub(super) fn relinked(at: &str, links: &[Link]) -> Vec<(Span, String)> {
    let folder = at.rsplit_once('/').map_or("", |(folder, _)| folder);
    let edit = |link: &Link| {
        (link.span, quote::bicep(&serde_json::Value::from(relative(folder, &link.to)), 0))
    };
    links.iter().map(edit).collect()
}

/// A text with its parts replaced.
pub(super) fn edited(text: &str, mut edits: Vec<(Span, String)>) -> String {
    edits.sort_by_key(|(span, _)| span.start);
    let mut text = text.to_owned();
    for (span, new) in edits.iter().rev() {
        text.replace_range(span.range(), new);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_above_the_config_have_a_place_in_the_render() {
        assert_eq!(follow("configs/../shared/./a.json"), "shared/a.json");
        assert_eq!(follow("../shared/a.json"), "../shared/a.json");
        assert_eq!(rendered_path("", "alerts/a.json"), "added/alerts/a.json");
        assert_eq!(rendered_path("configs", "shared/a.json"), "added/parent/shared/a.json");
        assert_eq!(rendered_path("..", "../a.json"), "added/a.json");
        assert_eq!(rendered_path("/r/configs", "/r/a.json"), "added/parent/a.json");
    }

    #[test]
    fn only_plain_paths_are_found() {
        let text = "var a = loadTextContent(\n  'a.txt'\n)\nvar b = loadJsonContent('${a}')\n// loadTextContent('c')\n\
                    module m 'm.bicep' = {}\nmodule r 'br:x/y:1' = {}\n";
        let found = references(text);
        let paths: Vec<(&str, bool)> =
            found.files.iter().map(|file| (file.path.as_str(), file.is_code)).collect();
        assert_eq!(paths, [("m.bicep", true), ("a.txt", false)]);
        assert_eq!(found.refused.len(), 1);
    }
}
