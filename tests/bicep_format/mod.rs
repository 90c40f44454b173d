//! `prebake::bicep::format`: Microsoft's form of a file, byte for byte.

#![expect(
    clippy::disallowed_methods,
    clippy::print_stdout,
    reason = "a test reads its cases, and says what it skipped"
)]

use std::path::{Path, PathBuf};

use prebake::bicep::format::{FormatOptions, IndentKind, Newline, format};
use prebake::bicep::lexer::{TokenKind, lex};
use prebake::bicep::syntax::FileKind;

fn formatted(text: &str) -> String {
    format(text, FileKind::Bicep, &FormatOptions::default())
}

fn corpus() -> Option<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/corpus");
    if !folder.is_dir() {
        println!("NOT CHECKED: no corpus at ../shared/corpus");
        return None;
    }
    Some(folder)
}

fn files(folder: &Path) -> Vec<(PathBuf, FileKind, String)> {
    let walk = walkdir::WalkDir::new(folder).sort_by_file_name();
    walk.into_iter()
        .filter_map(|entry| {
            let path = entry.expect("the folder is readable").into_path();
            let kind = match path.extension()?.to_str()? {
                "bicep" => FileKind::Bicep,
                "bicepparam" => FileKind::Parameters,
                _ => return None,
            };
            let text = std::fs::read_to_string(&path).expect("it is UTF-8");
            Some((path, kind, text))
        })
        .collect()
}

/// Microsoft's own cases, each with what its formatter makes of it.
#[test]
fn baselines_become_what_microsofts_formatter_makes_of_them() {
    let Some(corpus) = corpus() else { return };
    let mut compared = 0;
    for (path, kind, text) in files(&corpus.join("baselines")) {
        let Ok(expected) = std::fs::read_to_string(path.with_extension("formatted.bicep")) else {
            continue;
        };
        let found = format(&text, kind, &FormatOptions::default());
        similar_asserts(&path, &found, &expected);
        compared += 1;
    }
    assert!(compared >= 19, "only {compared} files");
}

fn similar_asserts(path: &Path, found: &str, expected: &str) {
    let found: Vec<&str> = found.split('\n').collect();
    let expected: Vec<&str> = expected.split('\n').collect();
    for (index, (found, expected)) in found.iter().zip(&expected).enumerate() {
        assert_eq!(found, expected, "{}, line {}", path.display(), index + 1);
    }
    assert_eq!(found.len(), expected.len(), "{}: lines", path.display());
}

/// What is printed elsewhere as Bicep is in the same form already.
#[test]
fn rendered_bicep_stays_as_it_is() {
    let files = files(&Path::new(env!("CARGO_MANIFEST_DIR")).join("out"));
    assert!(files.len() > 20, "only {} files", files.len());
    for (path, kind, text) in files {
        similar_asserts(&path, &format(&text, kind, &FormatOptions::default()), &text);
    }
}

/// The tokens that mean something: line ends, commas and the first `|` of a union come and go.
fn meaning(text: &str) -> Vec<&str> {
    let tokens = lex(text).tokens;
    let kept = tokens.iter().filter(|token| {
        !matches!(token.kind, TokenKind::NewLine | TokenKind::Comma | TokenKind::Pipe)
    });
    // The holes of strings keep their line ends, which the file's may replace.
    kept.map(|token| text[token.span.range()].trim_end()).collect()
}

/// Comments as words: their indentation changes.
fn comments(text: &str) -> usize {
    let tokens = lex(text).tokens;
    tokens.iter().filter(|token| token.after_comment).count()
}

#[test]
fn keeps_tokens_and_comments_and_is_done_in_one_step() {
    let Some(corpus) = corpus() else { return };
    for (path, kind, text) in files(&corpus) {
        let text = text.replace("\r\n", "\n");
        let once = format(&text, kind, &FormatOptions::default());
        // Broken files are put into lines as Microsoft's does, where a second run may find more.
        if path.to_string_lossy().contains("Invalid") {
            continue;
        }
        assert_eq!(meaning(&once), meaning(&text), "{}", path.display());
        assert_eq!(comments(&once) > 0, comments(&text) > 0, "{}", path.display());
        let twice = format(&once, kind, &FormatOptions::default());
        similar_asserts(&path, &twice, &once);
    }
}

#[test]
fn breaks_what_does_not_fit_and_joins_what_does() {
    assert_eq!(formatted("var a = [\n]\n"), "var a = []\n");
    assert_eq!(formatted("var a = [ 1\n2 ]\n"), "var a = [1, 2]\n");
    assert_eq!(formatted("var a = {b:1, c:2}"), "var a = { b: 1, c: 2 }\n");
    assert_eq!(formatted("var a = {\nb:1}"), "var a = {\n  b: 1\n}\n");
    let long = format!("var a = concat('{}', '{}')\n", "x".repeat(60), "y".repeat(60));
    let broken = format!("var a = concat(\n  '{}',\n  '{}'\n)\n", "x".repeat(60), "y".repeat(60));
    assert_eq!(formatted(&long), broken);
    let union = "type t = 'a'|'b'\n";
    assert_eq!(formatted(union), "type t = 'a' | 'b'\n");
}

#[test]
fn leaves_a_statement_that_cannot_be_read() {
    let text = "var  a  =  1\nvar  b  =  [\nvar  c  =  3\n";
    assert_eq!(formatted(text), "var a = 1\nvar  b  =  [\nvar  c  =  3\n");
    let deep = format!("var a = {}1\n", "(".repeat(5000));
    assert_eq!(formatted(&deep), deep);
}

#[test]
fn follows_its_options() {
    let options = FormatOptions {
        newline: Newline::CrLf,
        indent_kind: IndentKind::Tab,
        width: 10,
        insert_final_newline: false,
        ..FormatOptions::default()
    };
    let found = format("var a = [1, 2, 3]\n", FileKind::Bicep, &options);
    assert_eq!(found, "var a = [\r\n\t1\r\n\t2\r\n\t3\r\n]");
}
