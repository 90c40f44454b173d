//! Which known name a mistyped one stands for. The answer decides the code of a finding, so that it is found
//! as Microsoft's compiler finds it.

/// Longest name, in characters, that is taken for a mistyped one.
const MAX_NAME: usize = 256;

/// The known name that is meant, if one is near enough: a third of the letters may differ.
pub(super) fn suggestion<'n>(
    written: &str,
    known: impl IntoIterator<Item = &'n str>,
) -> Option<&'n str> {
    let length = written.chars().count();
    if length > MAX_NAME {
        return None;
    }
    let third = length * 34 / 100;
    let mut nearest = third + 1;
    let (mut best, mut only_case) = (None, false);
    let upper = written.to_uppercase();
    for candidate in known {
        let other = candidate.chars().count();
        if other == 0 || length.abs_diff(other) > third.min(2) {
            continue;
        }
        let candidate_upper = candidate.to_uppercase();
        if candidate_upper == upper {
            return Some(candidate);
        }
        if only_case || other < 3 {
            continue;
        }
        let distance = strsim::levenshtein(&upper, &candidate_upper);
        if distance < nearest {
            best = Some(candidate);
            if distance < 2 {
                only_case = true;
            } else {
                nearest = distance;
            }
        }
    }
    best
}

#[cfg(test)]
mod tests {
    use super::suggestion;

    #[test]
    fn a_third_of_the_letters_may_differ() {
        let known = ["size", "name", "location", "tags"];
        assert_eq!(suggestion("loocation", known), Some("location"));
        assert_eq!(suggestion("Name", known), Some("name"));
        assert_eq!(suggestion("siez", known), None);
        assert_eq!(suggestion("sizes", known), Some("size"));
        assert_eq!(suggestion("id", ["ids", "ip"]), None);
    }
}
