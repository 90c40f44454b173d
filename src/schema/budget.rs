//! How much work a team's schema takes for one path through a document. A small schema can ask for more than
//! any machine has: each definition that names the next one twice doubles the work.

use std::collections::HashMap;

use serde_json::Value;

/// Most subschemas that one path through a document visits; Azure's own schemas stay far below.
const MOST_VISITS: u64 = 100_000;
/// How deep a path goes; no resource nests deeper.
const DEEPEST: usize = 24;
/// Most schemas that are inside one another or refer to one another.
const LONGEST_CHAIN: usize = 1_000;
/// Keywords whose subschemas judge the same value.
const IN_PLACE: [&str; 10] = [
    "$ref",
    "$dynamicRef",
    "allOf",
    "anyOf",
    "oneOf",
    "not",
    "if",
    "then",
    "else",
    "dependentSchemas",
];
/// Keywords that hold no subschema.
const DATA: [&str; 5] = ["const", "enum", "default", "examples", "$defs"];

/// Says why a schema takes too much work, if it does.
pub fn too_much_work(schema: &Value) -> Option<String> {
    let mut counted = Counted { root: schema, known: HashMap::new(), open: Vec::new() };
    let visits = counted.visits(schema, DEEPEST);
    if visits > MOST_VISITS {
        return Some(format!(
            "its references visit more than {MOST_VISITS} schemas for one value, or form a cycle"
        ));
    }
    None
}

struct Counted<'s> {
    root: &'s Value,
    known: HashMap<(*const Value, usize), u64>,
    open: Vec<(*const Value, usize)>,
}

impl<'s> Counted<'s> {
    fn visits(&mut self, schema: &'s Value, depth: usize) -> u64 {
        let Value::Object(keywords) = schema else { return 1 };
        let this = (std::ptr::from_ref(schema), depth);
        if let Some(known) = self.known.get(&this) {
            return *known;
        }
        // A circle that judges the same value has no end.
        if self.open.len() > LONGEST_CHAIN || self.open.contains(&this) {
            return u64::MAX;
        }
        self.open.push(this);
        let mut here = 1_u64;
        let mut below = 0_u64;
        for (keyword, value) in keywords {
            if keyword == "$ref" || keyword == "$dynamicRef" {
                let target = value.as_str().and_then(|pointer| self.target(pointer));
                here = here.saturating_add(target.map_or(0, |target| self.visits(target, depth)));
            } else if IN_PLACE.contains(&keyword.as_str()) {
                for part in parts(value) {
                    here = here.saturating_add(self.visits(part, depth));
                }
            } else if depth > 0 && !DATA.contains(&keyword.as_str()) {
                for part in parts(value) {
                    below = below.max(self.visits(part, depth - 1));
                }
            }
            if here > MOST_VISITS {
                break;
            }
        }
        self.open.pop();
        let all = here.saturating_add(below);
        self.known.insert(this, all);
        all
    }

    fn target(&self, reference: &str) -> Option<&'s Value> {
        self.root.pointer(reference.strip_prefix('#')?)
    }
}

/// The subschemas of a keyword: itself, a list of them, or those that names lead to.
fn parts(value: &Value) -> Vec<&Value> {
    match value {
        Value::Array(items) => items.iter().collect(),
        Value::Object(map) if map.values().all(Value::is_object) && !map.is_empty() => {
            map.values().chain([value]).collect()
        }
        value => vec![value],
    }
}
