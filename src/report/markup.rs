//! What report templates may call: escaping for Markdown, color for a terminal, and small questions.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use handlebars::{
    Context, Handlebars, Helper, HelperResult, Output, PathAndJson, RenderContext,
    handlebars_helper,
};
use serde_json::Value;

use super::wording;
use super::written::Written;

/// Columns of a terminal that sentences keep to.
const LINE: usize = 80;
/// Widest column: what a template asks for beyond it is a mistake.
const MAX_WIDTH: usize = 1000;

handlebars_helper!(same: |left: Value, right: Value| left == right);
handlebars_helper!(either: |left: Value, right: Value| truthy(&left) || truthy(&right));
handlebars_helper!(span: |text: str| code_span(text));
handlebars_helper!(md: |text: str| markdown_text(text));
handlebars_helper!(over: |level: u64, limit: u64| level > limit);
handlebars_helper!(present: |value: Value| !value.is_null());
handlebars_helper!(html: |text: str| handlebars::html_escape(text));
handlebars_helper!(marker: |text: str| text.replace("--", "- -").replace('>', ""));
handlebars_helper!(joined: |sign: str, text: str| format!("{sign}{text}"));
handlebars_helper!(fenced: |resource: Value| fence_around(&property_lines(&resource)));
handlebars_helper!(fenced_lines: |lines: Value| fence_around(&signed_lines(&lines, false)));
handlebars_helper!(kinds_shown: |resources: Value| kinds_of(&resources));
handlebars_helper!(listed: |names: Value| list(&names));
handlebars_helper!(pad: |text: str, width: usize| format!("{text:<0$}", width.min(MAX_WIDTH)));
handlebars_helper!(fold: |text: str, indent: usize| folded(text, indent.min(MAX_WIDTH)));

/// Gives an engine everything that the templates may call.
pub(super) fn register<'run>(engine: &mut Handlebars<'run>, written: &'run Written) {
    let part = |helper: &Helper,
                _: &Handlebars,
                _: &Context,
                _: &mut RenderContext,
                _: &mut dyn Output|
     -> HelperResult {
        let number = helper.param(0).and_then(|number| number.value().as_u64());
        if let Some(number) = number.and_then(|number| usize::try_from(number).ok()) {
            written.insert(number);
        }
        Ok(())
    };
    engine.register_helper("part", Box::new(part));
    engine.register_helper("same", Box::new(same));
    engine.register_helper("either", Box::new(either));
    engine.register_helper("span", Box::new(span));
    engine.register_helper("md", Box::new(md));
    engine.register_helper("over", Box::new(over));
    engine.register_helper("present", Box::new(present));
    engine.register_helper("html", Box::new(html));
    engine.register_helper("breakable", Box::new(breakable));
    engine.register_helper("marker", Box::new(marker));
    engine.register_helper("line", Box::new(joined));
    engine.register_helper("fenced", Box::new(fenced));
    engine.register_helper("fencedLines", Box::new(fenced_lines));
    engine.register_helper("kinds", Box::new(kinds_shown));
    engine.register_helper("listed", Box::new(listed));
    engine.register_helper("pad", Box::new(pad));
    engine.register_helper("fold", Box::new(fold));
    engine.register_helper("paint", Box::new(paint));
    engine.register_helper("prose", Box::new(prose));
    engine.register_helper("asked", Box::new(asked));
    engine.register_helper("answered", Box::new(answered));
}

/// Breaks a sentence into lines of a terminal, each after the first as far in as the first began.
fn folded(text: &str, indent: usize) -> String {
    let mut folded = String::new();
    let mut column = indent;
    for word in text.split(' ') {
        let width = word.chars().count();
        if column > indent && column + 1 + width > LINE {
            let _ = write!(folded, "\n{:indent$}", "");
            column = indent;
        } else if column > indent {
            folded.push(' ');
            column += 1;
        }
        folded.push_str(word);
        column += width;
    }
    folded
}

fn truthy(value: &Value) -> bool {
    match value {
        Value::Null => false,
        Value::Bool(value) => *value,
        Value::Array(elements) => !elements.is_empty(),
        Value::String(text) => !text.is_empty(),
        _ => true,
    }
}

/// The text of a parameter; nothing where there is none.
fn parameter<'a>(helper: &'a Helper, index: usize) -> &'a str {
    helper.param(index).and_then(|found| found.value().as_str()).unwrap_or_default()
}

/// `{{asked question}}`: a question of the review as a heading.
fn asked(
    helper: &Helper,
    _: &Handlebars,
    _: &Context,
    _: &mut RenderContext,
    out: &mut dyn Output,
) -> HelperResult {
    Ok(out.write(wording::asked(parameter(helper, 0)))?)
}

/// `{{answered question word}}`: the answer to a question of the review.
fn answered(
    helper: &Helper,
    _: &Handlebars,
    _: &Context,
    _: &mut RenderContext,
    out: &mut dyn Output,
) -> HelperResult {
    Ok(out.write(wording::answered(parameter(helper, 0), parameter(helper, 1)))?)
}

/// `{{paint "replace" text}}`: the text in the color of a level or an action, if the data say `color`.
fn paint(
    helper: &Helper,
    _: &Handlebars,
    context: &Context,
    _: &mut RenderContext,
    out: &mut dyn Output,
) -> HelperResult {
    let text = |index: usize| match helper.param(index).map(PathAndJson::value) {
        Some(Value::String(text)) => text.clone(),
        Some(other) => other.to_string(),
        None => String::new(),
    };
    let (style, words) = (text(0), text(1));
    let escape = match style.as_str() {
        "refused" | "delete" | "replace" | "emptyPool" | "danger" | "error" | "removed" => "1;31",
        "warn" | "warning" => "1;33",
        "create" | "beside" | "calm" | "added" => "32",
        "modify" | "rebake" | "info" => "36",
        "strong" => "1",
        _ => "2",
    };
    if context.data().get("color").and_then(Value::as_bool) == Some(true) {
        out.write(&format!("\u{1b}[{escape}m{words}\u{1b}[0m"))?;
    } else {
        out.write(&words)?;
    }
    Ok(())
}

/// `{{prose text}}`: a sentence as HTML, with what stands between backticks as code.
fn prose(
    helper: &Helper,
    _: &Handlebars,
    _: &Context,
    _: &mut RenderContext,
    out: &mut dyn Output,
) -> HelperResult {
    let text = parameter(helper, 0);
    for (index, part) in text.split('`').enumerate() {
        let part = handlebars::html_escape(part);
        if index % 2 == 1 {
            out.write(&format!("<code>{part}</code>"))?;
        } else {
            out.write(&part)?;
        }
    }
    Ok(())
}

/// A path as HTML that breaks between its steps, and within one only if it must.
fn breakable(
    helper: &Helper,
    _: &Handlebars,
    _: &Context,
    _: &mut RenderContext,
    out: &mut dyn Output,
) -> HelperResult {
    let escaped = handlebars::html_escape(parameter(helper, 0));
    out.write(&escaped.replace('.', ".<wbr>").replace('[', "<wbr>["))?;
    Ok(())
}

/// A Markdown code span that its text cannot end, fit for a table cell.
fn code_span(text: &str) -> String {
    let text = text.replace(['\n', '\r'], " ").replace('|', "\\|");
    let ticks = "`".repeat(longest_run(&text, '`') + 1);
    let space =
        if text.starts_with('`') || text.ends_with('`') || text.is_empty() { " " } else { "" };
    format!("{ticks}{space}{text}{space}{ticks}")
}

/// Text in which Markdown and HTML find nothing to interpret but our own single backticks around names.
fn markdown_text(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    let mut in_code = false;
    let mut symbols = text.chars().peekable();
    while let Some(symbol) = symbols.next() {
        match symbol {
            '`' if symbols.next_if_eq(&'`').is_some() => {
                while symbols.next_if_eq(&'`').is_some() {}
                escaped.push('\'');
            }
            '`' => {
                in_code = !in_code;
                escaped.push('`');
            }
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '&' => escaped.push_str("&amp;"),
            '\\' | '*' | '_' | '[' | ']' | '#' | '~' | '@' if !in_code => {
                let _ = write!(escaped, "\\{symbol}");
            }
            '|' => escaped.push_str("\\|"),
            symbol => escaped.push(symbol),
        }
    }
    if in_code {
        escaped.push('`');
    }
    escaped
}

/// A `diff` block whose fence is longer than any run of backticks in it.
fn fence_around(text: &str) -> String {
    let fence = "`".repeat(longest_run(text, '`').max(2) + 1);
    format!("{fence}diff\n{text}{fence}")
}

/// The properties of a resource as lines that GitHub paints: path and verdict as a hunk's heading.
fn property_lines(resource: &Value) -> String {
    let text = |value: &Value, key: &str| value[key].as_str().unwrap_or_default().to_owned();
    let mut lines = String::new();
    for property in resource["properties"].as_array().into_iter().flatten() {
        let (path, verdict) = (text(property, "path"), text(property, "verdict"));
        let at = text(property, "at");
        if !at.is_empty() {
            let _ = writeln!(lines, "# {at}");
        }
        let _ = writeln!(lines, "@@ {path} @@ {verdict}");
        lines.push_str(&signed_lines(&property["lines"], true));
        for note in [text(property, "effect"), text(property, "reset")] {
            if !note.is_empty() {
                let _ = writeln!(lines, "  # {note}");
            }
        }
    }
    lines
}

fn signed_lines(lines: &Value, spaced: bool) -> String {
    let mut text = String::new();
    for line in lines.as_array().into_iter().flatten() {
        let sign = line["sign"].as_str().unwrap_or_default();
        let space = if spaced { " " } else { "" };
        let _ = writeln!(text, "{sign}{space}{}", line["text"].as_str().unwrap_or_default());
    }
    text
}

/// Texts in one line.
fn list(names: &Value) -> String {
    let names: Vec<&str> =
        names.as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    names.join(", ")
}

/// The kinds of resources that occur, each once, in alphabetical order.
fn kinds_of(resources: &Value) -> Value {
    let kinds: BTreeSet<&str> = resources
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|resource| resource["kinds"].as_array())
        .flatten()
        .filter_map(Value::as_str)
        .collect();
    kinds.into_iter().collect()
}

fn longest_run(text: &str, symbol: char) -> usize {
    text.split(|other| other != symbol).map(str::len).max().unwrap_or(0)
}
