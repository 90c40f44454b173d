use std::fmt::Write as _;

use super::Checked;
use super::location::{Location, message};
use crate::diagnostic::{Diagnostic, Severity};

pub(super) fn render(checked: &[Checked<'_>], fail_on: Option<Severity>) -> String {
    let fails = |finding: &Diagnostic| fail_on.is_some_and(|least| finding.severity >= least);
    let failures = |one: &Checked<'_>| one.diagnostics.iter().filter(|it| fails(it)).count();
    let tests = |one: &Checked<'_>| one.diagnostics.iter().count().max(1);
    let mut xml = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    let all_tests: usize = checked.iter().map(tests).sum();
    let all_failures: usize = checked.iter().map(failures).sum();
    let _ = writeln!(
        xml,
        "<testsuites name=\"prebake validate\" tests=\"{all_tests}\" failures=\"{all_failures}\" errors=\"0\">"
    );
    for one in checked {
        let name = escape(one.config);
        let (tests, failures) = (tests(one), failures(one));
        let _ = writeln!(
            xml,
            "  <testsuite name=\"{name}\" tests=\"{tests}\" failures=\"{failures}\" errors=\"0\" skipped=\"0\">"
        );
        if one.diagnostics.is_empty() {
            let _ = writeln!(xml, "    <testcase classname=\"{name}\" name=\"no findings\"/>");
        }
        for finding in one.diagnostics {
            case(&mut xml, finding, one, fails(finding));
        }
        xml.push_str("  </testsuite>\n");
    }
    xml.push_str("</testsuites>\n");
    xml
}

fn case(xml: &mut String, finding: &Diagnostic, checked: &Checked<'_>, fails: bool) {
    let location = Location::of_finding(finding, checked);
    let place = format!("{}:{}:{}", location.file, location.start.line, location.start.column);
    let name = escape(&format!("{} {place}", finding.code));
    let _ = writeln!(
        xml,
        "    <testcase classname=\"{}\" name=\"{name}\" file=\"{}\" line=\"{}\">",
        escape(checked.config),
        escape(location.file),
        location.start.line
    );
    let text = escape(&format!("{place}: {}", message(finding, checked)));
    let word = finding.severity.word();
    if fails {
        let title = escape(&finding.title);
        let _ =
            writeln!(xml, "      <failure type=\"{word}\" message=\"{title}\">{text}</failure>");
    } else {
        let _ = writeln!(xml, "      <system-out>{word}: {text}</system-out>");
    }
    xml.push_str("    </testcase>\n");
}

/// Text for elements and attributes. Characters that XML 1.0 does not have become U+FFFD.
fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\n' | '\t' => {
                let _ = write!(escaped, "&#{};", u32::from(letter));
            }
            '\0'..='\x1f' | '\u{fffe}' | '\u{ffff}' => escaped.push('\u{fffd}'),
            _ => escaped.push(letter),
        }
    }
    escaped
}
