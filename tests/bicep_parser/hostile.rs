use std::fmt::Write as _;
use std::time::Duration;

use prebake::bicep::syntax::FileKind;
use prebake::bicep::{MemoryFiles, compile};
use prebake::diagnostic::{Diagnostics, Sources};

use crate::processor::within;

fn codes(text: &str) -> Vec<String> {
    let findings = super::findings(text, FileKind::Bicep);
    findings.iter().map(|finding| finding.code.to_string()).collect()
}

fn in_time(name: &str, text: &str) {
    within(Duration::from_secs(10), name, || {
        super::findings(text, FileKind::Bicep);
        super::findings(text, FileKind::Parameters);
        let files = MemoryFiles::from_iter([("main.bicep", text)]);
        compile("main.bicep", &files, &mut Sources::new(), &mut Diagnostics::new());
    });
}

#[test]
fn deep_nesting_is_an_error_and_not_a_crash() {
    for open in
        ["(", "[", "{a:", "!", "-", "a(", "a[", "'${", "x => ", "a ? ", "a.b(", "[for x in "]
    {
        let text = format!("var a = {}", open.repeat(100_000));
        in_time(open, &text);
        assert!(!codes(&text).is_empty(), "{open}");
    }
    for open in ["(", "[", "{a:", "a<", "-", "a | ["] {
        let text = format!("type a = {}", open.repeat(100_000));
        in_time(open, &text);
        assert!(!codes(&text).is_empty(), "{open}");
    }
    assert_eq!(codes(&format!("var a = {}1{}", "[".repeat(5000), "]".repeat(5000))), ["PB2901"]);
}

#[test]
fn long_chains_are_an_error_and_not_a_crash() {
    for link in [" + a", ".b", "[0]", "!", "::b", " ?? a"] {
        let text = format!("var a = b{}", link.repeat(100_000));
        assert_eq!(codes(&text), ["PB2901"], "{link}");
        let text = format!("var a = b{}", link.repeat(100));
        assert!(codes(&text).is_empty(), "{link}");
    }
    assert_eq!(codes(&format!("type a = b{}", "[]".repeat(100_000))), ["PB2901"]);
    assert_eq!(codes(&format!("type a = b{}", "? ".repeat(100_000))), ["PB2901"]);
}

#[test]
fn megabyte_lines_take_linear_time() {
    in_time("blanks", &" ".repeat(2_000_000));
    in_time("name", &"a".repeat(2_000_000));
    in_time("number", &format!("var a = {}", "1".repeat(2_000_000)));
    in_time("string", &format!("var a = '{}", "x".repeat(2_000_000)));
    in_time("escapes", &format!("var a = '{}'", r"\u{41}".repeat(2_000_000)));
    in_time("quotes", &"'".repeat(2_000_000));
    in_time("comments", &"/* */".repeat(100_000));
    in_time("unended comments", &"/*".repeat(200_000));
    in_time("dollars", &"$".repeat(100_000));
    in_time("hashes", &" #".repeat(100_000));
    in_time("blanks and hash", &format!("{}#", " ".repeat(100_000)));
    in_time("new lines", &"\n ".repeat(100_000));
    in_time("new lines before a sign", &format!("var a = b{}? c : d", "\n ".repeat(100_000)));
    in_time("many names", &"a\n \n ".repeat(30_000));
    in_time("many decorators", &"@a\n".repeat(30_000));
    in_time("array", &format!("var a = [{}]", "1,".repeat(100_000)));
    in_time("array of lines", &format!("var a = [{}]", "1\n \n ".repeat(30_000)));
    in_time("call", &format!("var a = f({})", "1,\n// x\n".repeat(30_000)));
    in_time("call of lines", &format!("var a = f(1{})", "\n// x".repeat(30_000)));
    in_time("union", &format!("type a = 'x'{}", "\n\n| 'y'".repeat(30_000)));
    in_time("holes", &format!("var a = '{}'", "${a}".repeat(100_000)));
}

#[test]
fn what_is_deep_but_allowed_passes_every_phase() {
    let wrap = |open: &str, close: &str, count: usize| {
        format!("var a = {}1{}", open.repeat(count), close.repeat(count))
    };
    in_time("arrays", &wrap("[", "]", 120));
    in_time("objects", &wrap("{a: ", "}", 120));
    in_time("parentheses", &wrap("(", ")", 250));
    in_time("calls", &wrap("string(", ")", 250));
    in_time("ternaries", &wrap("true ? 1 : ", "", 250));
    in_time("lambdas", &wrap("map([], x => ", ")", 80));
    in_time("sums", &format!("var a = 1{}", " + 1".repeat(590)));
    in_time("accesses", &format!("param b object\nvar a = b{}", ".c".repeat(590)));
    in_time("safe accesses", &format!("param b object\nvar a = b{}", ".?c".repeat(590)));
    in_time("array types", &format!("type a = int{}", "[]".repeat(590)));
    in_time("object types", &format!("type a = {}int{}", "{a: ".repeat(120), "}".repeat(120)));
    in_time(
        "nested resources",
        &format!("resource a 'A.B/c@2020-01-01' = {{{}", "\nresource a 'c' = {".repeat(120)),
    );
}

#[test]
fn long_chains_of_declarations_pass_every_phase() {
    let mut text = String::from("var v0 = 1\n");
    for index in 1..5000 {
        writeln!(text, "var v{index} = v{} + 1", index - 1).expect("memory suffices");
    }
    in_time("variables", &text);
    let mut text = String::from("type t0 = string\n");
    for index in 1..5000 {
        writeln!(text, "type t{index} = {{ a: t{}, b: t{} }}", index - 1, index - 1)
            .expect("memory suffices");
    }
    in_time("types", &text);
    let mut text = String::from("var v0 = { a: 1 }\n");
    for index in 1..40 {
        writeln!(text, "var v{index} = {{ a: v{0}, b: v{0}, c: v{0} }}", index - 1)
            .expect("memory suffices");
    }
    in_time("values that double", &text);
}
