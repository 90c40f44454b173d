use std::fmt::Write as _;

use clap::Args;

use super::{DONE, FAILED, terminal};
use crate::check;
use crate::diagnostic::nearest;

/// `prebake explain`.
#[derive(Debug, Args)]
pub(super) struct Explain {
    /// Code of a rule, such as POOL001; without it all rules are listed
    code: Option<String>,
}

impl Explain {
    pub(super) fn run(&self) -> u8 {
        let Some(code) = &self.code else {
            let mut list = String::new();
            for rule in check::rules() {
                let _ = writeln!(list, "{:8} {:8} {}", rule.code, rule.severity.word(), rule.title);
            }
            terminal::out(&list);
            return DONE;
        };
        if let Some(story) = check::explain(&code.to_uppercase()) {
            terminal::out(&story);
            return DONE;
        }
        let help = match nearest(code, check::rules().map(|rule| rule.code)) {
            Some(near) => format!("did you mean `{near}`?"),
            None => "`prebake explain` lists the rules".to_owned(),
        };
        terminal::failed(&format!("there is no rule `{code}`"), "not in the catalogue", &help);
        FAILED
    }
}
