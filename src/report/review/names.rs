//! Names in boxes of the picture: on one line, or smaller on two. Their width is estimated, since nothing here
//! measures a font.

use serde::Serialize;

/// Size of a name on one line, and on two, in tenths of a pixel.
const LARGE: usize = 130;
const SMALL: usize = 105;
/// The baselines of one line and of two.
const ONE: usize = 37;
const TWO: [usize; 2] = [31, 43];

/// One line of a name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct Line {
    /// Its baseline.
    pub y: usize,
    /// What stands on it.
    pub text: String,
}

/// The style and the lines of a name in a box with this much room: whole, then smaller, then on two lines. What fits
/// on no two lines loses its middle, since long names differ at their ends.
pub(super) fn name_lines(name: &str, room: usize) -> (&'static str, Vec<Line>) {
    let whole = || vec![Line { y: ONE, text: name.to_owned() }];
    if width(name, LARGE) <= room {
        return ("", whole());
    }
    if width(name, SMALL) <= room {
        return ("small", whole());
    }
    let (first, rest) = name.split_at(break_of(name, room));
    let [upper, lower] = TWO;
    let lines = vec![
        Line { y: upper, text: first.trim_end().to_owned() },
        Line { y: lower, text: end_of(rest.trim_start(), room) },
    ];
    ("small", lines)
}

/// Where the first line ends: behind the last mark that it has in its second half, else where it is full.
fn break_of(name: &str, room: usize) -> usize {
    let fits = |(at, letter): &(usize, char)| width(&name[..at + letter.len_utf8()], SMALL) <= room;
    let fitting = || name.char_indices().take_while(fits);
    let end = |(at, letter): (usize, char)| at + letter.len_utf8();
    let full = fitting().last().map_or(0, end);
    let mark = fitting().filter(|(_, letter)| !letter.is_alphanumeric()).last().map(end);
    mark.filter(|at| *at > full / 2).unwrap_or(full)
}

/// The end of a text that has room, behind an ellipsis where that is not the whole.
fn end_of(text: &str, room: usize) -> String {
    if width(text, SMALL) <= room {
        return text.to_owned();
    }
    let starts = text.char_indices().map(|(at, _)| format!("…{}", &text[at..]));
    starts.into_iter().find(|end| width(end, SMALL) <= room).unwrap_or_default()
}

/// The width of a text in pixels, in a bold sans-serif font that is wider than most.
fn width(text: &str, size: usize) -> usize {
    text.chars().map(thousandths).sum::<usize>() * size / 10_000
}

/// The width of a letter in thousandths of the font's size: those of `DejaVu Sans Bold`, rounded up.
fn thousandths(letter: char) -> usize {
    match letter {
        'm' | 'M' | 'w' | 'W' | '…' => 1_105,
        'f' | 'i' | 'j' | 'l' | 'r' | 't' | 'I' | ' ' | '-' | '.' | '/' | '_' => 500,
        letter if letter.is_ascii_uppercase() => 850,
        letter if letter.is_ascii() => 720,
        _ => 1_105,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(name: &str) -> Vec<String> {
        name_lines(name, 212).1.into_iter().map(|line| line.text).collect()
    }

    #[test]
    fn a_name_is_whole_on_one_line_or_on_two() {
        assert_eq!(texts("vision-builder"), ["vision-builder"]);
        assert_eq!(texts("computervisionstd1b6b290"), ["computervisionstd1b6b290"]);
        let role = texts("AcrPull for vision-pull on visionacr824a64b0");
        assert_eq!(role, ["AcrPull for vision-pull on", "visionacr824a64b0"]);
        let network = texts("computer-vision-training-prod-builder-vnet-nat");
        assert_eq!(network.concat(), "computer-vision-training-prod-builder-vnet-nat");
        assert!(network[0].ends_with('-') && network.len() == 2, "{network:?}");
    }

    #[test]
    fn a_name_without_room_on_two_lines_keeps_its_ends() {
        let first = "computer-vision-semantic-segmentation-training-prod-westeurope-10d15550";
        let second = "computer-vision-semantic-segmentation-training-prod-westeurope-2208594f";
        let (first, second) = (texts(first), texts(second));
        assert_eq!(first[0], second[0]);
        assert!(first[1].starts_with('…') && first[1].ends_with("-10d15550"), "{first:?}");
        assert_ne!(first[1], second[1]);
    }

    #[test]
    fn no_line_is_wider_than_its_box() {
        for name in [
            "MMMMMMMMMMMMMMMMMMMMMMMMMMMMMMMMMM",
            "wwwwwwwwwwwwwwwwwwwwwwwwwwwwww",
            "画画画画画画画画画画画画画画画画画画画画画画",
        ] {
            for line in name_lines(name, 212).1 {
                assert!(width(&line.text, SMALL) <= 212, "{line:?}");
            }
        }
    }
}
