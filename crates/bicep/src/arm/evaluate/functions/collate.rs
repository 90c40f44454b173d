//! The order of texts: that of .NET's invariant culture, which Azure's engine compares with.
//!
//! Blanks come before punctuation, then symbols, digits and letters; `a` before `A` before `b`. Accents decide among
//! texts of the same letters, and case among those of the same accents (Unicode Technical Standard 10).

use std::cmp::Ordering;

/// Blanks, punctuation and symbols of ASCII in the order of the root collation.
/// Source: <https://www.unicode.org/charts/collation/>, 2026-11-29.
const MARKS: &str = "\t\n\u{b}\u{c}\r _-,;:!?.'\"()[]{}@*/\\&#%`^+<=>|~$";

/// The base letters of U+00C0 to U+017F; a letter that has none stands for itself.
/// Source: <https://www.unicode.org/Public/UCD/latest/ucd/UnicodeData.txt>, 2026-11-29.
const BASES: &str = "AAAAAAÆCEEEEIIIIÐNOOOOO×ØUUUUYÞßaaaaaaæceeeeiiiiðnooooo÷øuuuuyþy\
AaAaAaCcCcCcCcDdĐđEeEeEeEeEeGgGgGgGgHhĦħIiIiIiIiIıĲĳJjKkĸLlLlLlĿŀŁłNnNnNnŉŊŋ\
OoOoOoŒœRrRrRrSsSsSsSsTtTtŦŧUuUuUuUuUuUuWwYyYZzZzZzſ";

/// Compares two texts.
pub(super) fn compare(one: &str, other: &str) -> Ordering {
    let (one, other) = (Key::of(one), Key::of(other));
    one.letters
        .cmp(&other.letters)
        .then(one.accents.cmp(&other.accents))
        .then(one.cases.cmp(&other.cases))
}

/// What decides, from the strongest to the weakest.
#[derive(Default)]
struct Key {
    letters: Vec<(Class, u32)>,
    accents: Vec<u32>,
    cases: Vec<bool>,
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Class {
    Mark,
    Symbol,
    Digit,
    Letter,
}

impl Key {
    fn of(text: &str) -> Self {
        let mut key = Self::default();
        for character in text.chars() {
            match character {
                // Combining accents belong to the letter before them.
                '\u{300}'..='\u{36f}' => {
                    if let Some(last) = key.accents.last_mut() {
                        *last = u32::from(character);
                    }
                }
                'ß' => key.add_all("ss", character),
                'æ' | 'Æ' => key.add_all("ae", character),
                'œ' | 'Œ' => key.add_all("oe", character),
                'ﬁ' => key.add_all("fi", character),
                'ﬂ' => key.add_all("fl", character),
                plain if plain.is_ascii() => key.add(plain, 0),
                other => {
                    let base = base(other);
                    let lower = other.to_lowercase().next().unwrap_or(other);
                    key.add(base, if base == other { 0 } else { u32::from(lower) });
                }
            }
        }
        key
    }

    fn add_all(&mut self, letters: &str, written: char) {
        for letter in letters.chars() {
            self.add(letter, u32::from(written));
        }
    }

    fn add(&mut self, character: char, accent: u32) {
        let lower = character.to_lowercase().next().unwrap_or(character);
        let place = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
        let weight = match MARKS.find(character) {
            Some(at) => (Class::Mark, place(at)),
            None => match character.to_digit(10) {
                Some(digit) => (Class::Digit, digit),
                None if character.is_alphabetic() => (Class::Letter, u32::from(lower)),
                // Other control characters count for nothing.
                None if character.is_control() => return,
                None => (Class::Symbol, u32::from(character)),
            },
        };
        self.letters.push(weight);
        self.accents.push(accent);
        self.cases.push(lower != character);
    }
}

/// The letter without its accent.
fn base(letter: char) -> char {
    let at = u32::from(letter).checked_sub(0xc0).and_then(|at| usize::try_from(at).ok());
    at.and_then(|at| BASES.chars().nth(at)).unwrap_or(letter)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Each with what Azure's engine says of `one < other`.
    #[test]
    fn texts_are_in_azures_order() {
        for (one, other, expected) in [
            ("\n\t\\", "Hello World", Ordering::Less),
            ("  trim  ", "e\u{301}", Ordering::Less),
            ("😀 x", "%20a%2Fb", Ordering::Greater),
            ("😀 x", "aGVsbG8=", Ordering::Less),
            ("[not]", "-12", Ordering::Greater),
            ("-12", "it's", Ordering::Less),
            ("2024-02-29T12:34:56Z", "[[x", Ordering::Greater),
            ("007", "{\"a\":1}", Ordering::Greater),
            ("%20a%2Fb", "Hello World", Ordering::Less),
            ("a", "2024-02-29T12:34:56Z", Ordering::Greater),
            ("a", "Hello World", Ordering::Less),
            ("a,b,,c", "UPPER lower", Ordering::Less),
            ("aGVsbG8=", "Hello World", Ordering::Less),
            ("İstanbul", "x-y_z.1", Ordering::Less),
            ("x-y_z.1", "x-y_z.1", Ordering::Equal),
        ] {
            assert_eq!(compare(one, other), expected, "{one} {other}");
        }
    }

    /// From the Unicode collation: accents before case, and both after letters.
    #[test]
    fn accents_and_case_decide_last() {
        for pair in [["a", "A"], ["A", "ä"], ["ä", "Ä"], ["Ä", "b"], ["e\u{301}", "f"]] {
            assert_eq!(compare(pair[0], pair[1]), Ordering::Less, "{pair:?}");
        }
        assert_eq!(compare("ass", "aß"), Ordering::Less);
        assert_eq!(compare("aß", "ast"), Ordering::Less);
    }

    #[test]
    fn every_base_is_that_of_its_letter() {
        assert_eq!(BASES.chars().count(), 0x180 - 0xc0);
        for (letter, expected) in
            [('Ä', 'A'), ('ÿ', 'y'), ('İ', 'I'), ('ž', 'z'), ('ř', 'r'), ('ø', 'ø')]
        {
            assert_eq!(base(letter), expected);
        }
    }
}
