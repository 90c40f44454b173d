//! The part of `JSONPath` that the load functions take: names, positions, `*` and `..`.

use serde_json::Value;

#[derive(Debug, Clone, PartialEq)]
enum Step {
    Name(String),
    Position(i64),
    All,
    // Every value below.
    Deep,
}

/// What a path selects: the one value, or an array of several. Nothing if the path is not understood.
pub fn select(value: &Value, path: &str) -> Option<Value> {
    let mut found = vec![value];
    for step in parse(path)? {
        found = found.into_iter().flat_map(|value| apply(value, &step)).collect();
    }
    match found.as_slice() {
        [] => None,
        [one] => Some((*one).clone()),
        several => Some(several.iter().map(|value| (*value).clone()).collect()),
    }
}

fn apply<'v>(value: &'v Value, step: &Step) -> Vec<&'v Value> {
    match (step, value) {
        (Step::Name(name), Value::Object(object)) => object.get(name).into_iter().collect(),
        (Step::Position(position), Value::Array(items)) => {
            let at = if *position < 0 {
                items
                    .len()
                    .checked_sub(usize::try_from(position.unsigned_abs()).unwrap_or(usize::MAX))
            } else {
                usize::try_from(*position).ok()
            };
            at.and_then(|at| items.get(at)).into_iter().collect()
        }
        (Step::All, Value::Array(items)) => items.iter().collect(),
        (Step::All, Value::Object(object)) => object.values().collect(),
        (Step::Deep, _) => {
            let mut all = vec![value];
            let mut next = 0;
            while let Some(value) = all.get(next).copied() {
                match value {
                    Value::Array(items) => all.extend(items),
                    Value::Object(object) => all.extend(object.values()),
                    _ => {}
                }
                next += 1;
            }
            all
        }
        _ => Vec::new(),
    }
}

fn parse(path: &str) -> Option<Vec<Step>> {
    let mut steps = Vec::new();
    let mut rest = path.strip_prefix('$').unwrap_or(path);
    if !rest.starts_with(['.', '[']) && !rest.is_empty() {
        let (name, after) = name(rest);
        steps.push(name?);
        rest = after;
    }
    while !rest.is_empty() {
        if let Some(after) = rest.strip_prefix("..") {
            if steps.contains(&Step::Deep) {
                return None;
            }
            steps.push(Step::Deep);
            rest = after;
            if rest.starts_with('[') {
                continue;
            }
        } else if let Some(after) = rest.strip_prefix('[') {
            let (inside, after) = after.split_once(']')?;
            steps.push(bracket(inside.trim())?);
            rest = after;
            continue;
        } else {
            rest = rest.strip_prefix('.')?;
        }
        let (step, after) = name(rest);
        steps.push(step?);
        rest = after;
    }
    Some(steps)
}

fn name(text: &str) -> (Option<Step>, &str) {
    let (name, rest) = text.split_at(text.find(['.', '[']).unwrap_or(text.len()));
    let step = match name {
        "" => None,
        "*" => Some(Step::All),
        name => Some(Step::Name(name.to_owned())),
    };
    (step, rest)
}

fn bracket(text: &str) -> Option<Step> {
    if text == "*" {
        return Some(Step::All);
    }
    for quote in ['\'', '"'] {
        if let Some(name) = text.strip_prefix(quote).and_then(|text| text.strip_suffix(quote)) {
            return Some(Step::Name(name.to_owned()));
        }
    }
    text.parse().ok().map(Step::Position)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn selects_one_or_several() {
        let value = json!({ "a": { "b c": [1, 2, 3] }, "d": [{ "n": 1 }, { "n": 2 }] });
        assert_eq!(select(&value, "$"), Some(value.clone()));
        assert_eq!(select(&value, "a['b c'][-1]"), Some(json!(3)));
        assert_eq!(select(&value, "$.d[*].n"), Some(json!([1, 2])));
        assert_eq!(select(&value, "$..n"), Some(json!([1, 2])));
        assert_eq!(select(&value, ".d[0]"), Some(json!({ "n": 1 })));
        assert_eq!(select(&value, "$.x"), None);
        assert_eq!(select(&value, "$.d[?(@.n)]"), None);
    }
}
