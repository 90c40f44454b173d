//! What rules have found out about the scripts of a run: those of a fleet are nearly the same.

use std::hash::BuildHasher as _;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use foldhash::HashMap;
use foldhash::fast::RandomState;

use super::shell::{Commands, commands};
use crate::model::same_text;

/// The scripts of a run, and what was found in them. Each is known by its whole text.
#[derive(Debug, Default)]
pub struct KnownScripts(Mutex<Texts>);

/// The texts of late, and those of before. One that is wanted again is of late.
#[derive(Debug, Default)]
struct Texts {
    hash: RandomState,
    late: Generation,
    before: Generation,
}

#[derive(Debug, Default)]
struct Generation {
    /// By the hashes of their texts: a text as the key would be compared byte by byte.
    known: HashMap<u64, Vec<Arc<ScriptText>>>,
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
        self.commands.get_or_init(|| commands(Arc::clone(&self.text)))
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
        let hash = texts.hash.hash_one(text);
        if let Some(known) = texts.late.find(hash, text) {
            return known;
        }
        let known = texts.before.remove(hash, text);
        let script = known.unwrap_or_else(|| Arc::new(ScriptText::new(text)));
        if text.len() <= Self::MOST_BYTES / 2 {
            texts.keep(hash, &script);
        }
        script
    }

    fn texts(&self) -> MutexGuard<'_, Texts> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Texts {
    fn keep(&mut self, hash: u64, script: &Arc<ScriptText>) {
        let size = script.text.len();
        if self.late.bytes + size > KnownScripts::MOST_BYTES / 2 {
            self.before = std::mem::take(&mut self.late);
        }
        self.late.bytes += size;
        self.late.known.entry(hash).or_default().push(Arc::clone(script));
    }
}

impl Generation {
    fn find(&self, hash: u64, text: &str) -> Option<Arc<ScriptText>> {
        self.known.get(&hash)?.iter().find(|known| same_text(&known.text, text)).cloned()
    }

    fn remove(&mut self, hash: u64, text: &str) -> Option<Arc<ScriptText>> {
        let known = self.known.get_mut(&hash)?;
        let at = known.iter().position(|known| same_text(&known.text, text))?;
        self.bytes -= text.len();
        Some(known.swap_remove(at))
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
