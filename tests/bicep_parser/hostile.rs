use std::time::{Duration, Instant};

use prebake::bicep::syntax::FileKind;

fn codes(text: &str) -> Vec<String> {
    let findings = super::findings(text, FileKind::Bicep);
    findings.iter().map(|finding| finding.code.to_string()).collect()
}

fn in_time(name: &str, text: &str) {
    let start = Instant::now();
    super::findings(text, FileKind::Bicep);
    super::findings(text, FileKind::Parameters);
    let took = start.elapsed();
    assert!(took < Duration::from_secs(10), "{name} took {took:?}");
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
    in_time("blanks", &" ".repeat(5_000_000));
    in_time("name", &"a".repeat(5_000_000));
    in_time("number", &format!("var a = {}", "1".repeat(5_000_000)));
    in_time("string", &format!("var a = '{}", "x".repeat(5_000_000)));
    in_time("escapes", &format!("var a = '{}'", r"\u{41}".repeat(1_000_000)));
    in_time("quotes", &"'".repeat(5_000_000));
    in_time("comments", &"/* */".repeat(1_000_000));
    in_time("unended comments", &"/*".repeat(2_000_000));
    in_time("dollars", &"$".repeat(100_000));
    in_time("hashes", &" #".repeat(1_000_000));
    in_time("blanks and hash", &format!("{}#", " ".repeat(1_000_000)));
    in_time("new lines", &"\n ".repeat(1_000_000));
    in_time("new lines before a sign", &format!("var a = b{}? c : d", "\n ".repeat(1_000_000)));
    in_time("many names", &"a\n \n ".repeat(300_000));
    in_time("many decorators", &"@a\n".repeat(300_000));
    in_time("array", &format!("var a = [{}]", "1,".repeat(1_000_000)));
    in_time("array of lines", &format!("var a = [{}]", "1\n \n ".repeat(300_000)));
    in_time("call", &format!("var a = f({})", "1,\n// x\n".repeat(300_000)));
    in_time("call of lines", &format!("var a = f(1{})", "\n// x".repeat(300_000)));
    in_time("union", &format!("type a = 'x'{}", "\n\n| 'y'".repeat(300_000)));
    in_time("holes", &format!("var a = '{}'", "${a}".repeat(1_000_000)));
}
