use serde_json::json;

use crate::schema::Schema;

/// A pattern of a table as JSON Schema takes it, or nothing if it has no equal there. The tables write
/// .NET's dialect, in which the hyphen of `[\w-.]` is itself.
pub(super) fn pattern(dotnet: &str) -> Option<String> {
    let pattern = with_literal_hyphens(dotnet);
    let schema = json!({ "type": "string", "pattern": pattern }).to_string();
    Schema::new("pattern", schema).check().is_ok().then_some(pattern)
}

/// Escapes hyphens inside of brackets that follow a class such as `\w`.
fn with_literal_hyphens(pattern: &str) -> String {
    let mut out = String::with_capacity(pattern.len());
    let mut in_brackets = false;
    let mut after_class = false;
    let mut characters = pattern.chars().peekable();
    while let Some(next) = characters.next() {
        match next {
            '\\' => {
                out.push(next);
                let escaped = characters.next();
                after_class = escaped.is_some_and(|class| "wWdDsS".contains(class));
                out.extend(escaped);
                continue;
            }
            '[' if !in_brackets => in_brackets = true,
            ']' => in_brackets = false,
            '-' if in_brackets && after_class && characters.peek() != Some(&']') => out.push('\\'),
            _ => {}
        }
        after_class = false;
        out.push(next);
    }
    out
}
