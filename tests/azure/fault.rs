//! What goes wrong on purpose, by method and path, or by the number of the request.

use std::time::Duration;

use regex::Regex;

use super::answer::Answer;

/// One thing that goes wrong.
#[derive(Debug, Clone)]
pub struct Fault {
    method: Option<String>,
    path: Option<Regex>,
    skip: usize,
    times: usize,
    pub action: Action,
}

/// How it goes wrong.
#[derive(Debug, Clone)]
pub enum Action {
    /// This answer instead of Azure's; nothing happens in the cloud.
    Answer(Answer),
    /// Azure's answer, late.
    Delay(Duration),
    /// The connection breaks before Azure gets the request.
    DropRequest,
    /// Azure does what it is asked for, and the connection breaks before it can say so.
    DropAnswer,
    /// The caller is killed before Azure gets the request.
    KillBefore,
    /// The caller is killed after Azure has done what it is asked for.
    KillAfter,
}

impl Fault {
    /// Happens at every request.
    pub fn new(action: Action) -> Self {
        Self { method: None, path: None, skip: 0, times: usize::MAX, action }
    }

    /// Only at requests of this method.
    #[must_use]
    pub fn method(mut self, method: &str) -> Self {
        self.method = Some(method.to_owned());
        self
    }

    /// Only at requests whose path matches, whatever its case.
    #[must_use]
    pub fn path(mut self, pattern: &str) -> Self {
        self.path = Some(Regex::new(&format!("(?i){pattern}")).expect("a pattern"));
        self
    }

    /// The first such requests go well.
    #[must_use]
    pub fn after(mut self, requests: usize) -> Self {
        self.skip = requests;
        self
    }

    /// Ends after this many times.
    #[must_use]
    pub fn times(mut self, times: usize) -> Self {
        self.times = times;
        self
    }

    /// Whether it happens now; counts the request either way.
    pub fn strikes(&mut self, method: &str, path: &str) -> bool {
        let fits = self.method.as_ref().is_none_or(|wanted| wanted == method)
            && self.path.as_ref().is_none_or(|wanted| wanted.is_match(path));
        if !fits || self.times == 0 {
            return false;
        }
        if self.skip > 0 {
            self.skip -= 1;
            return false;
        }
        self.times = self.times.saturating_sub(1);
        true
    }
}
