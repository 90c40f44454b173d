//! What a render takes besides its config, as most tests want it: the built-in templates and schemas, and a fixed day.

use prebake::catalog::Date;
use prebake::pipeline::Tools;

pub fn tools() -> Tools {
    Tools::new(Date::parse("2026-11-23").expect("a date"))
}
