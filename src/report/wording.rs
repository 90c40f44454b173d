//! What people read for the three questions and their answers. JSON keeps its own words, which scripts compare.

/// A question as a heading.
pub(super) fn asked(question: &str) -> &str {
    match question {
        "access widens" => "access",
        "cost rises" => "cost",
        other => other,
    }
}

/// The answer to a question in a word.
pub(super) fn answered<'a>(question: &str, word: &'a str) -> &'a str {
    match (question, word) {
        ("access widens" | "cost rises", "no") => "no change",
        (_, "for a while") => "temporary",
        (_, "not known") => "unknown",
        (_, word) => word,
    }
}
