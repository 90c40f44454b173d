use crate::diagnostic::pointer;
use serde_json::Value;

/// Where in its template a value of an expanded resource comes from. Both are JSON pointers, and they
/// differ where a `copy` loop made an array: `/properties/subnets/1/name` comes from
/// `/properties/copy/0/input/name`.
pub(crate) fn template_pointer(template: &Value, pointer: &str) -> String {
    let mut origin = String::with_capacity(pointer.len());
    let mut current = Some(template);
    let mut segments = pointer.split('/').skip(1);
    while let Some(segment) = segments.next() {
        let next = current.and_then(|value| value.pointer(&format!("/{segment}")));
        if let (None, Some((index, input))) = (next, current.and_then(|value| turn(value, segment)))
        {
            origin = format!("{origin}/copy/{index}/input");
            current = Some(input);
            // The position says which turn of the loop made the item, and all come from one place.
            segments.next();
            continue;
        }
        origin.push('/');
        origin.push_str(segment);
        current = next;
    }
    origin
}

/// The loop that makes the property of this name.
fn turn<'v>(value: &'v Value, segment: &str) -> Option<(usize, &'v Value)> {
    let loops = value.get("copy")?.as_array()?;
    let named = |turn: &Value| {
        turn.get("name")
            .and_then(Value::as_str)
            .is_some_and(|name| pointer::escape(name) == segment)
    };
    let index = loops.iter().position(named)?;
    Some((index, loops[index].get("input")?))
}
