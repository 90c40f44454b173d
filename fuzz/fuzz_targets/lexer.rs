//! Any text has tokens, in order, that cover it up to its end.

#![no_main]

use libfuzzer_sys::fuzz_target;
use prebake::bicep::lexer::{TokenKind, lex};

fuzz_target!(|text: &str| {
    let lexed = lex(text);
    let mut end = 0;
    for token in &lexed.tokens {
        assert!(token.span.start >= end && token.span.end >= token.span.start);
        end = token.span.end;
        assert!(text.get(token.span.range()).is_some());
    }
    assert_eq!(end as usize, text.len());
    let last = lexed.tokens.last().map(|token| token.kind);
    assert_eq!(last, Some(TokenKind::EndOfFile));
});
