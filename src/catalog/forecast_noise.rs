use super::tables::WHAT_IF_NOISE as TABLE;
use crate::arm::evaluate::Evaluated;

/// When a row holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum When {
    Any,
    New,
    Gone,
    Expression,
    Case,
}

/// Why a difference between what is live and a render means nothing, if a row says so.
///
/// `path` has a step for each property, `[]` for an element of a list.
pub(crate) fn forecast_noise(
    kind: &str,
    path: &[&str],
    live: Option<&Evaluated>,
    rendered: Option<&Evaluated>,
) -> Option<&'static str> {
    TABLE.rows().find_map(|row| {
        let [of, covered, when, words] = row.cells();
        let applies = of == "*" || of.eq_ignore_ascii_case(kind);
        (applies && covers(covered, path) && holds(when, live, rendered)).then_some(words)
    })
}

fn covers(row: &str, path: &[&str]) -> bool {
    let row = row.replace("[]", ".[]");
    let steps: Vec<&str> = row.split('.').filter(|step| !step.is_empty()).collect();
    steps.len() <= path.len()
        && steps.iter().zip(path).all(|(step, name)| step.eq_ignore_ascii_case(name))
}

fn holds(when: &str, live: Option<&Evaluated>, rendered: Option<&Evaluated>) -> bool {
    let given = |value: Option<&Evaluated>| value.is_some_and(|value| !value.is_null());
    match parse(when) {
        Some(When::Any) => true,
        Some(When::New) => !given(live) && given(rendered),
        Some(When::Gone) => given(live) && !given(rendered),
        Some(When::Expression) => rendered.is_some_and(Evaluated::is_symbolic),
        Some(When::Case) => match (live, rendered) {
            (Some(Evaluated::String(live)), Some(Evaluated::String(rendered))) => {
                live.eq_ignore_ascii_case(rendered)
            }
            _ => false,
        },
        None => false,
    }
}

fn parse(when: &str) -> Option<When> {
    Some(match when {
        "any" => When::Any,
        "new" => When::New,
        "gone" => When::Gone,
        "expression" => When::Expression,
        "case" => When::Case,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_can_be_read() {
        for row in TABLE.rows() {
            let [kind, path, when, words, source] = row.cells();
            assert!(parse(when).is_some(), "{kind} {path}: {when}");
            assert!(!words.is_empty() && !source.is_empty(), "{kind} {path}");
        }
    }

    #[test]
    fn a_row_holds_below_its_path_and_not_beside_it() {
        let value = Evaluated::from("x");
        let machine = "Microsoft.Compute/virtualMachines";
        let data = ["properties", "osProfile", "customData"];
        let hidden =
            |path: &[&str], live, rendered| forecast_noise(machine, path, live, rendered).is_some();
        assert!(hidden(&data, None, Some(&value)));
        assert!(!hidden(&data, Some(&value), Some(&value)));
        assert!(!hidden(&["properties", "osProfile", "computerName"], None, Some(&value)));
        assert!(!hidden(&["properties", "osProfile"], None, Some(&value)));
    }
}
