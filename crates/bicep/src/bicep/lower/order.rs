//! The order of names in `dependsOn`: as a person sorts words, not by bytes.

use std::cmp::Ordering;

/// Compares two names culturally: punctuation before digits before letters, case only on ties, and
/// then lower before upper.
pub fn compare(left: &str, right: &str) -> Ordering {
    let weights = |text: &str| -> Vec<(u8, char)> { text.chars().map(weight).collect() };
    weights(left).cmp(&weights(right)).then_with(|| {
        let cases = |text: &str| -> Vec<bool> { text.chars().map(char::is_uppercase).collect() };
        cases(left).cmp(&cases(right))
    })
}

// The order of ASCII punctuation in the Unicode root collation.
const PUNCTUATION: &str = "_-,;:!?.'\"()[]{}@*/\\&#%`^+<=>|~$";

fn weight(letter: char) -> (u8, char) {
    if letter.is_alphabetic() {
        return (3, letter.to_lowercase().next().unwrap_or(letter));
    }
    if letter.is_numeric() {
        return (2, letter);
    }
    let place = PUNCTUATION.chars().position(|known| known == letter);
    let place = place.and_then(|place| u32::try_from(place).ok()).and_then(char::from_u32);
    place.map_or((1, letter), |place| (0, place))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sorts_as_words() {
        for (before, after) in [
            ("avmContainerApp_API", "avmContainerAppEnv"),
            ("hubrg", "hubVNET"),
            ("devcenter", "devcenter_gallery"),
            ("devcenter_gallery", "devCenter_project"),
            ("a1", "ab"),
            ("name", "Name"),
        ] {
            assert_eq!(compare(before, after), Ordering::Less, "{before} < {after}");
        }
    }
}
