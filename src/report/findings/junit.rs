use quick_junit::{NonSuccessKind, Report, TestCase, TestCaseStatus, TestSuite};

use super::Checked;
use super::location::{Location, message};
use crate::diagnostic::{Diagnostic, Severity};

/// # Panics
/// Never: a report without times is written to memory.
pub(super) fn render(checked: &[Checked<'_>], fail_on: Option<Severity>) -> String {
    let mut report = Report::new("prebake validate");
    for one in checked {
        let mut suite = TestSuite::new(replaced(one.config));
        if one.diagnostics.is_empty() {
            let mut case = TestCase::new("no findings", TestCaseStatus::success());
            case.set_classname(replaced(one.config));
            suite.add_test_case(case);
        }
        for finding in one.diagnostics {
            let fails = fail_on.is_some_and(|least| finding.severity >= least);
            suite.add_test_case(case(finding, one, fails));
        }
        report.add_test_suite(suite);
    }
    report.to_string().expect("a report without times is written to memory")
}

fn case(finding: &Diagnostic, checked: &Checked<'_>, fails: bool) -> TestCase {
    let location = Location::of_finding(finding, checked);
    let place = format!("{}:{}:{}", location.file, location.start.line, location.start.column);
    let text = replaced(&format!("{place}: {}", message(finding, checked)));
    let word = finding.severity.word();
    let status = if fails {
        let mut failure = TestCaseStatus::non_success(NonSuccessKind::Failure);
        failure.set_type(word).set_message(replaced(&finding.title)).set_description(&*text);
        failure
    } else {
        TestCaseStatus::success()
    };
    let mut case = TestCase::new(replaced(&format!("{} {place}", finding.code)), status);
    case.set_classname(replaced(checked.config));
    case.extra.insert("file".into(), replaced(location.file).into());
    case.extra.insert("line".into(), location.start.line.to_string().into());
    if !fails {
        case.set_system_out(format!("{word}: {text}"));
    }
    case
}

/// The text with U+FFFD in the place of each character that XML 1.0 does not have, and that the library would drop.
fn replaced(text: &str) -> String {
    let is_missing =
        |letter: char| matches!(letter, '\0'..='\x08' | '\x0b'..='\x1f' | '\u{fffe}' | '\u{ffff}');
    text.replace(is_missing, "\u{fffd}")
}
