use serde_json::Value;

/// A value that fits this many characters stays on one line.
const LINE: usize = 100;

/// A schema as it is committed: indented, but with everything short on one line.
pub fn print(schema: &Value) -> String {
    let mut out = String::new();
    print_at(schema, 0, &mut out);
    out.push('\n');
    out
}

fn print_at(value: &Value, indent: usize, out: &mut String) {
    let flat = value.to_string();
    let children: Vec<(Option<&str>, &Value)> = match value {
        _ if flat.len() + indent <= LINE => Vec::new(),
        Value::Object(map) => map.iter().map(|(key, value)| (Some(key.as_str()), value)).collect(),
        Value::Array(items) => items.iter().map(|item| (None, item)).collect(),
        _ => Vec::new(),
    };
    if children.is_empty() {
        out.push_str(&flat);
        return;
    }
    let (open, close) = if value.is_object() { ('{', '}') } else { ('[', ']') };
    out.push(open);
    let last = children.len() - 1;
    for (index, (key, child)) in children.into_iter().enumerate() {
        new_line(indent + 1, out);
        if let Some(key) = key {
            out.push_str(&Value::from(key).to_string());
            out.push_str(": ");
        }
        print_at(child, indent + 1, out);
        if index < last {
            out.push(',');
        }
    }
    new_line(indent, out);
    out.push(close);
}

fn new_line(indent: usize, out: &mut String) {
    out.push('\n');
    out.push_str(&" ".repeat(indent));
}
