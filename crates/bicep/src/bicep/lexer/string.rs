use memchr::{memchr, memchr2};

use super::scanner::Scanner;
use crate::bicep::problem::SyntaxErrorKind;

/// How a segment of a string ended.
pub(super) struct SegmentEnd {
    /// Whether a hole opens, rather than the string ends.
    pub hole: bool,
    /// Whether it cannot be read.
    pub malformed: bool,
}

impl SegmentEnd {
    fn hole(malformed: bool) -> Self {
        Self { hole: true, malformed }
    }

    fn last(malformed: bool) -> Self {
        Self { hole: false, malformed }
    }
}

impl Scanner<'_> {
    /// Reads a segment of a string on one line, from after its quote or brace.
    pub(super) fn string_segment(&mut self, start: usize) -> SegmentEnd {
        let mut malformed = false;
        loop {
            let rest = &self.bytes[self.at..];
            let plain =
                rest.iter().position(|byte| matches!(byte, b'\'' | b'$' | b'\\' | b'\n' | b'\r'));
            self.at += plain.unwrap_or(rest.len());
            match self.peek() {
                None => {
                    self.report(SyntaxErrorKind::UnterminatedString, start, self.at);
                    return SegmentEnd::last(true);
                }
                Some(b'\n' | b'\r') => {
                    self.report(SyntaxErrorKind::UnterminatedStringAtLineEnd, start, self.at);
                    return SegmentEnd::last(true);
                }
                Some(b'\'') => {
                    self.at += 1;
                    return SegmentEnd::last(malformed);
                }
                Some(b'$') => {
                    self.at += 1;
                    if self.peek() == Some(b'{') {
                        self.at += 1;
                        return SegmentEnd::hole(malformed);
                    }
                }
                Some(_) => {
                    self.at += 1;
                    if self.peek().is_none() {
                        self.report(SyntaxErrorKind::UnterminatedEscape, start, self.at);
                        return SegmentEnd::last(true);
                    }
                    malformed |= !self.escape();
                }
            }
        }
    }

    /// Reads an escape from after its backslash, and says whether it is a good one.
    fn escape(&mut self) -> bool {
        let start = self.at - 1;
        let character = self.text[self.at..].chars().next().unwrap_or('\\');
        self.at += character.len_utf8();
        match character {
            '\\' | '\'' | 'n' | 'r' | 't' | '$' => true,
            'u' => self.unicode_escape(start),
            _ => {
                self.report(SyntaxErrorKind::UnknownEscape, start, self.at);
                false
            }
        }
    }

    fn unicode_escape(&mut self, start: usize) -> bool {
        let digits = match self.peek() {
            // The caller reports that the text ended.
            None => return true,
            Some(b'{') => {
                self.at += 1;
                let rest = &self.bytes[self.at..];
                let count = rest.iter().take_while(|byte| byte.is_ascii_hexdigit()).count();
                let digits = &self.text[self.at..self.at + count];
                self.at += count;
                digits
            }
            Some(_) => "",
        };
        if self.peek().is_none() {
            return true;
        }
        let closed = !digits.is_empty() && self.peek() == Some(b'}');
        if closed {
            self.at += 1;
            if u32::from_str_radix(digits, 16).is_ok_and(|point| point <= 0x0010_ffff) {
                return true;
            }
        }
        self.report(SyntaxErrorKind::BadUnicodeEscape, start, self.at);
        false
    }

    /// Reads a segment of a multi-line string, from after its quotes or brace.
    pub(super) fn multi_line_segment(&mut self, start: usize, dollars: usize) -> SegmentEnd {
        loop {
            let rest = &self.bytes[self.at..];
            let plain = if dollars == 0 { memchr(b'\'', rest) } else { memchr2(b'\'', b'$', rest) };
            let Some(plain) = plain else {
                self.at = self.bytes.len();
                self.report(SyntaxErrorKind::UnterminatedMultilineString, start, self.at);
                return SegmentEnd::last(true);
            };
            self.at += plain;
            if self.peek() == Some(b'\'') {
                let quotes = self.count(b'\'');
                self.at += quotes;
                if quotes >= 3 {
                    return SegmentEnd::last(false);
                }
                continue;
            }
            let run = self.count(b'$');
            self.at += run;
            if run >= dollars && self.peek() == Some(b'{') {
                self.at += 1;
                return SegmentEnd::hole(false);
            }
        }
    }
}
