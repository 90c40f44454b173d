//! Text that somebody else wrote, as it may reach a terminal, a log or a page.

/// Characters that a reader cannot see, that move the cursor, or that reorder the text around them: controls, and what
/// Unicode 16 calls default-ignorable, without the variation selectors of emoji
/// (<https://www.unicode.org/Public/16.0.0/ucd/DerivedCoreProperties.txt>, 2026-11-29).
pub fn is_invisible(symbol: char) -> bool {
    symbol.is_control()
        || matches!(symbol,
            '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}'..='\u{1160}' | '\u{17b4}'..='\u{17b5}'
            | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{3164}' | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}'
            | '\u{fffe}'..='\u{ffff}' | '\u{1bca0}'..='\u{1bca3}' | '\u{1d173}'..='\u{1d17a}'
            | '\u{e0000}'..='\u{e0fff}')
}

/// The text with a replacement character for each invisible one; line ends and tabs stay.
pub fn tamed(text: &str) -> String {
    let tame = |symbol: char| {
        let stays = matches!(symbol, '\t' | '\n') || !is_invisible(symbol);
        if stays { symbol } else { '\u{fffd}' }
    };
    text.chars().map(tame).collect()
}

/// The text on one line, in which a pipeline finds no command either: GitHub reads one behind `::` at the start of a
/// line and behind `##[`, Azure DevOps behind `##vso[` and `##[`.
pub fn one_line(text: &str) -> String {
    let line: String =
        text.chars().map(|symbol| if is_invisible(symbol) { '\u{fffd}' } else { symbol }).collect();
    let line = line.replace("##[", "#\u{fffd}[").replace("##vso[", "#\u{fffd}vso[");
    match line.trim_start().strip_prefix("::") {
        Some(rest) => format!(":\u{fffd}{rest}"),
        None => line,
    }
}

#[cfg(test)]
mod tests {
    use super::{is_invisible, one_line, tamed};

    #[test]
    fn what_cannot_be_seen_is_shown_as_a_replacement() {
        for symbol in
            "\u{1b}\u{7}\u{85}\u{ad}\u{61c}\u{180e}\u{200b}\u{202e}\u{2060}\u{feff}\u{e0041}"
                .chars()
        {
            assert!(is_invisible(symbol), "{symbol:?}");
            assert_eq!(tamed(&symbol.to_string()), "\u{fffd}");
        }
        assert_eq!(tamed("a\tb\nc é 漢 👩 ✔\u{fe0f}"), "a\tb\nc é 漢 👩 ✔\u{fe0f}");
    }

    #[test]
    fn a_line_holds_no_command_for_a_pipeline() {
        for text in [
            "a\n::warning::x",
            "::warning::x",
            "  ::set-output::x",
            "a ##vso[task] b",
            "##[error]x",
        ] {
            let line = one_line(text);
            assert!(!line.contains('\n') && !line.trim_start().starts_with("::"), "{line}");
            assert!(!line.contains("##vso[") && !line.contains("##["), "{line}");
        }
        assert_eq!(one_line("std::fs::read"), "std::fs::read");
    }
}
