//! The `JSONPath` that the load functions take, as Json.NET reads it: names, positions, slices, `*`, `..`
//! and filters.
//!
//! Read this file for what a path selects, then `parse` for how it is written, then `filter`.

mod filter;
mod parse;

use std::cell::Cell;

use serde_json::Value;

use filter::Condition;

/// A path: its steps, one after the other.
type Path = Vec<Step>;

#[derive(Debug, Clone, PartialEq)]
enum Step {
    // Properties of an object.
    Names(Vec<String>),
    // Items of an array; from the end if negative.
    Positions(Vec<i64>),
    // `[start:end:step]`
    Slice(Option<i64>, Option<i64>, i64),
    // Every property or item.
    All,
    // The items that meet a condition.
    Filter(Condition),
    // The value itself and every value below, in the order of the text.
    Deep,
}

/// The most values that a path, filters included, may come by.
const MAXIMUM_VALUES: usize = 2_000_000;

/// What a path selects: the one value, or an array of several. Nothing if the path is not understood.
pub fn select(value: &Value, path: &str) -> Option<Value> {
    let steps = parse::path(path)?;
    let search = Search { root: value, left: Cell::new(MAXIMUM_VALUES) };
    match search.found(value, &steps)?.as_slice() {
        [] => None,
        [one] => Some((*one).clone()),
        several => Some(several.iter().map(|value| (*value).clone()).collect()),
    }
}

struct Search<'v> {
    root: &'v Value,
    // How many values it may still come by.
    left: Cell<usize>,
}

impl<'v> Search<'v> {
    // The values that steps lead to. Nothing if they are too many.
    fn found(&self, start: &'v Value, steps: &[Step]) -> Option<Vec<&'v Value>> {
        let mut found = vec![start];
        for step in steps {
            let mut next = Vec::new();
            for value in found {
                let before = next.len();
                self.apply(value, step, &mut next)?;
                self.spend(next.len() - before + 1)?;
            }
            found = next;
        }
        Some(found)
    }

    fn spend(&self, values: usize) -> Option<()> {
        self.left.set(self.left.get().checked_sub(values)?);
        Some(())
    }

    fn apply(&self, value: &'v Value, step: &Step, next: &mut Vec<&'v Value>) -> Option<()> {
        match (step, value) {
            (Step::Names(names), Value::Object(object)) => {
                next.extend(names.iter().filter_map(|name| object.get(name)));
            }
            (Step::Positions(positions), Value::Array(items)) => {
                let at = |position: &i64| from_start(*position, items.len());
                next.extend(positions.iter().filter_map(|position| items.get(at(position)?)));
            }
            (Step::Slice(start, end, step), Value::Array(items)) => {
                let positions = slice(items.len(), *start, *end, *step);
                next.extend(positions.filter_map(|at| items.get(at)));
            }
            (Step::All, Value::Array(items)) => next.extend(items),
            (Step::All, Value::Object(object)) => next.extend(object.values()),
            (Step::Filter(condition), Value::Array(items)) => {
                for item in items {
                    self.spend(1)?;
                    if condition.holds(self, item)? {
                        next.push(item);
                    }
                }
            }
            (Step::Deep, _) => {
                let mut pending = vec![value];
                while let Some(value) = pending.pop() {
                    next.push(value);
                    match value {
                        Value::Array(items) => pending.extend(items.iter().rev()),
                        Value::Object(object) => pending.extend(object.values().rev()),
                        _ => {}
                    }
                }
            }
            _ => {}
        }
        Some(())
    }
}

fn from_start(position: i64, length: usize) -> Option<usize> {
    let distance = usize::try_from(position.unsigned_abs()).ok()?;
    if position < 0 { length.checked_sub(distance) } else { Some(distance) }
}

// The positions of a slice, as Python counts them.
fn slice(
    length: usize,
    start: Option<i64>,
    end: Option<i64>,
    step: i64,
) -> impl Iterator<Item = usize> {
    let length = i64::try_from(length).unwrap_or(i64::MAX);
    let (first, last) = if step > 0 { (0, length) } else { (-1, length - 1) };
    let within = |position: i64| {
        let position = if position < 0 { position.saturating_add(length) } else { position };
        position.clamp(first, last)
    };
    let (from, to) = if step > 0 { (first, last) } else { (last, first) };
    let (mut at, end) = (start.map_or(from, within), end.map_or(to, within));
    std::iter::from_fn(move || {
        let inside = if step > 0 { at < end } else { at > end };
        let current = usize::try_from(at).ok().filter(|_| inside)?;
        at = at.saturating_add(step);
        Some(current)
    })
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
        assert_eq!(select(&value, "a['b c'][0,2]"), Some(json!([1, 3])));
        assert_eq!(select(&value, "$.d[*].n"), Some(json!([1, 2])));
        assert_eq!(select(&value, "$..n"), Some(json!([1, 2])));
        assert_eq!(select(&value, ".d[0]"), Some(json!({ "n": 1 })));
        assert_eq!(select(&value, "$['a','d']..n"), Some(json!([1, 2])));
        for nothing in ["$.x", "$.d[", "$.d[?(@.n]", "$.d[1:2:0]", "$x..", "$.d[?(@.n = 1)]"] {
            assert_eq!(select(&value, nothing), None, "{nothing}");
        }
    }

    #[test]
    fn selects_slices() {
        let value = json!([0, 1, 2, 3, 4]);
        assert_eq!(select(&value, "$[1:3]"), Some(json!([1, 2])));
        assert_eq!(select(&value, "$[-2:]"), Some(json!([3, 4])));
        assert_eq!(select(&value, "$[::-2]"), Some(json!([4, 2, 0])));
        assert_eq!(select(&value, "$[:100]"), Some(value.clone()));
    }

    #[test]
    fn selects_what_meets_a_condition() {
        let value = json!({
            "least": 2,
            "list": [
                { "n": 1, "s": "one", "deep": { "on": true } },
                { "n": 2.0, "s": "it's", "deep": { "on": false } },
                { "n": "2", "s": null },
            ],
        });
        let names = |path: &str| match select(&value, path) {
            Some(Value::Array(found)) => found.iter().map(|item| item["n"].clone()).collect(),
            Some(item) => vec![item["n"].clone()],
            None => Vec::new(),
        };
        assert_eq!(names("$.list[?(@.n == 1)]"), [json!(1)]);
        assert_eq!(names("$.list[?(@.n==2)]"), [json!(2.0)]);
        assert_eq!(names("$.list[?(@.n >= $.least)]"), [json!(2.0)]);
        assert_eq!(names("$.list[?(@.s == 'it\\'s')]"), [json!(2.0)]);
        assert_eq!(names("$.list[?(@.s != \"one\" && @.deep)]"), [json!(2.0)]);
        assert_eq!(
            names("$.list[?((@.n == 1 || @.n == '2') && @.s != 'x')]"),
            [json!(1), json!("2")]
        );
        assert_eq!(names("$.list[?(@.deep.on == true)]"), [json!(1)]);
        assert_eq!(names("$.list[?(@.s == null)]"), [json!("2")]);
        assert_eq!(names("$.list[?(@.s =~ /^ONE$/i)]"), [json!(1)]);
        assert_eq!(names("$..[?(@.on)]"), Vec::<Value>::new());
    }
}
