//! Which findings say nothing when a part of the config could not be read: a mistake is told once, not with all
//! that seems to follow from it.

/// Codes whose findings are about a value that is there, whatever else is.
const OF_A_VALUE: [&str; 10] = [
    "PB1001", "PB1004", "PB1006", "PB1007", "PB1008", "PB1014", "PB1023", "PB1026", "PB1032",
    "PB1045",
];

/// Whether a finding at a pointer may be there only because of what was lost.
pub(super) fn decides(lost: &str, code: &str, pointer: &str) -> bool {
    if within(pointer, lost) {
        return true;
    }
    if OF_A_VALUE.contains(&code) {
        return false;
    }
    let beside = match pointer.rsplit_once('/') {
        // What the whole config lacks may be a key of it.
        None => !lost.get(1..).is_some_and(|key| key.contains('/')),
        // A list's items and the config's sections stand alone; other values are judged with those beside.
        Some((parent, key)) if !parent.is_empty() && key.parse::<usize>().is_err() => {
            within(lost, parent)
        }
        Some(_) => within(lost, pointer),
    };
    beside || elsewhere(code).iter().any(|other| within(lost, other) || within(other, lost))
}

fn within(pointer: &str, outer: &str) -> bool {
    pointer.strip_prefix(outer).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// What the findings of a code depend on besides what stands around their place.
fn elsewhere(code: &str) -> &'static [&'static str] {
    match code {
        "PB1005" | "PB1013" | "PB1024" => &["/registry"],
        "PB1012" => &["/gallery"],
        "PB1002" | "PB1033" => &["/node"],
        "PB1003" | "PB1019" | "PB1020" | "PB1021" | "PB1040" | "PB1041" | "PB1043" => {
            &["/node", "/gallery", "/builder", "/batch/pools"]
        }
        "PB1022" => &["/gallery", "/batch/account", "/registry"],
        "PB1028" => &["/gallery", "/batch", "/images"],
        "PB1029" => &["/batch/account"],
        "PB1031" => &["/registry", "/images"],
        "PB1034" => &["/images", "/gallery"],
        _ => &[],
    }
}
