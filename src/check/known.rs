//! What rules have found out about the scripts of a run: those of a fleet are nearly the same.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use super::shell::{Commands, commands};

/// The scripts of a run, and what was found in them. Each is known by its whole text.
#[derive(Debug, Default)]
pub struct KnownScripts(Mutex<Texts>);

/// The texts of late, and those of before. One that is wanted again is of late.
#[derive(Debug, Default)]
struct Texts {
    late: Generation,
    before: Generation,
}

#[derive(Debug, Default)]
struct Generation {
    /// Not in order: texts that differ only near their ends would be compared byte by byte again and again.
    known: HashMap<Arc<str>, Arc<ScriptText>, foldhash::fast::RandomState>,
    bytes: usize,
}

/// A script and its commands.
#[derive(Debug)]
pub(super) struct ScriptText {
    pub(super) text: Arc<str>,
    commands: OnceLock<Commands>,
}

impl ScriptText {
    fn new(text: &str) -> Self {
        Self { text: text.into(), commands: OnceLock::new() }
    }

    /// The commands that a shell would run.
    pub(super) fn commands(&self) -> &Commands {
        self.commands.get_or_init(|| commands(&self.text))
    }
}

impl KnownScripts {
    /// Most bytes of the texts that are kept.
    pub const MOST_BYTES: usize = 256 * 1024;

    /// How many bytes of texts are kept.
    pub fn size(&self) -> usize {
        let texts = self.texts();
        texts.late.bytes + texts.before.bytes
    }

    /// A script by its text.
    pub(super) fn script(&self, text: &str) -> Arc<ScriptText> {
        let mut texts = self.texts();
        if let Some(known) = texts.late.known.get(text) {
            return Arc::clone(known);
        }
        let known = texts.before.remove(text);
        let script = known.unwrap_or_else(|| Arc::new(ScriptText::new(text)));
        if text.len() <= Self::MOST_BYTES / 2 {
            texts.keep(&script);
        }
        script
    }

    fn texts(&self) -> MutexGuard<'_, Texts> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Texts {
    fn keep(&mut self, script: &Arc<ScriptText>) {
        let size = script.text.len();
        if self.late.bytes + size > KnownScripts::MOST_BYTES / 2 {
            self.before = std::mem::take(&mut self.late);
        }
        self.late.bytes += size;
        self.late.known.insert(Arc::clone(&script.text), Arc::clone(script));
    }
}

impl Generation {
    fn remove(&mut self, text: &str) -> Option<Arc<ScriptText>> {
        let known = self.known.remove(text)?;
        self.bytes -= text.len();
        Some(known)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_answered_for_itself_alone() {
        let known = KnownScripts::default();
        for turn in 0..3 {
            for (script, words) in [("docker pull a", 3), ("docker pull a b", 4), ("# a\nls", 1)] {
                let script = known.script(script);
                let count = script.commands().iter().map(|command| command.words().count());
                assert_eq!(count.sum::<usize>(), words, "{}, turn {turn}", script.text);
            }
        }
    }

    #[test]
    fn what_is_known_is_bounded() {
        let known = KnownScripts::default();
        let often = known.script("often");
        for at in 0..100 {
            known.script(&format!("{at}{}", "x".repeat(10_000)));
            assert!(Arc::ptr_eq(&known.script("often"), &often));
            assert!(known.size() <= KnownScripts::MOST_BYTES);
        }
        known.script(&"x".repeat(KnownScripts::MOST_BYTES));
        assert!(known.size() <= KnownScripts::MOST_BYTES && known.size() > 10_000);
    }
}
